/** When a maintenance runs and what it is of. */
export interface MaintenanceModel {
  readonly project: string;
  readonly every: "weekly" | "monthly";
}

/** A user service of systemd that clears caches. It lies in `image/`, one directory below the program's. */
export function renderMaintenanceService({ project, every }: MaintenanceModel): string {
  return [
    "[Unit]",
    `Description=Clear the build caches of ${project} (${every})`,
    "",
    "[Service]",
    "Type=oneshot",
    "# %Y is the directory of this file (systemd 251 and newer).",
    `ExecStart=/bin/sh -c 'exec "$$1/../bin/image" clear ${every} --yes' sh "%Y"`,
    "Nice=19",
    "",
  ].join("\n");
}

/** The timer of the service; a run that was missed is made up for. */
export function renderMaintenanceTimer({ project, every }: MaintenanceModel): string {
  return [
    "# Switch it on: systemctl --user link THIS-DIRECTORY/*.service && systemctl --user enable --now THIS-DIRECTORY/*.timer",
    "[Unit]",
    `Description=Clear the build caches of ${project} (${every})`,
    "",
    "[Timer]",
    `OnCalendar=${every}`,
    "Persistent=true",
    "RandomizedDelaySec=1h",
    "",
    "[Install]",
    "WantedBy=timers.target",
    "",
  ].join("\n");
}
