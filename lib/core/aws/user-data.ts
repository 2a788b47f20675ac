/**
 * What cloud-init does at the first boot: next to nothing, and nothing secret. All else is done by the setup program over
 * ssh, which can be run again, says what fails, and can change without replacing the machine.
 */
export const USER_DATA = `#cloud-config
disable_root: true
ssh_pwauth: false
package_update: false
package_upgrade: false
`;
