/** Components of Kubernetes that k3s passes arguments on to. */
export type K3sComponent = "apiserver" | "controllerManager" | "kubelet" | "kubeProxy" | "scheduler";

/** Kubernetes 1.x that {@link KUBE_FLAGS} begins and ends with. */
export const FIRST_MINOR = 27;
export const LAST_MINOR = 34;

/**
 * All flags of the components, 1.27 to 1.34: `name`, `name>=28` (first in 1.28), `name<31` (no longer in 1.31). Read from the
 * declarations in the Go modules k8s.io/kubernetes, apiserver, component-base, controller-manager and cloud-provider of each
 * minor, and for 1.34 compared with what the programs say themselves.
 */
export const KUBE_FLAGS: Readonly<Record<K3sComponent, string>> = {
  apiserver:
    "admission-control admission-control-config-file advertise-address aggregator-reject-forwarding-redirect " +
    "allow-metric-labels allow-metric-labels-manifest>=29 allow-privileged anonymous-auth api-audiences " +
    "apiserver-count audit-log-batch-buffer-size audit-log-batch-max-size audit-log-batch-max-wait " +
    "audit-log-batch-throttle-burst audit-log-batch-throttle-enable audit-log-batch-throttle-qps " +
    "audit-log-compress audit-log-format audit-log-maxage audit-log-maxbackup audit-log-maxsize audit-log-mode " +
    "audit-log-path audit-log-truncate-enabled audit-log-truncate-max-batch-size " +
    "audit-log-truncate-max-event-size audit-log-version audit-policy-file audit-webhook-batch-buffer-size " +
    "audit-webhook-batch-initial-backoff audit-webhook-batch-max-size audit-webhook-batch-max-wait " +
    "audit-webhook-batch-throttle-burst audit-webhook-batch-throttle-enable audit-webhook-batch-throttle-qps " +
    "audit-webhook-config-file audit-webhook-initial-backoff audit-webhook-mode audit-webhook-truncate-enabled " +
    "audit-webhook-truncate-max-batch-size audit-webhook-truncate-max-event-size audit-webhook-version " +
    "authentication-config>=29 authentication-token-webhook-cache-ttl authentication-token-webhook-config-file " +
    "authentication-token-webhook-version authorization-config>=29 authorization-mode authorization-policy-file " +
    "authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl " +
    "authorization-webhook-config-file authorization-webhook-version bind-address cert-dir client-ca-file " +
    "cloud-config<33 cloud-provider<33 cloud-provider-gce-l7lb-src-cidrs<31 cloud-provider-gce-lb-src-cidrs<31 " +
    "contention-profiling coordinated-leadership-lease-duration>=31 coordinated-leadership-renew-deadline>=31 " +
    "coordinated-leadership-retry-period>=31 cors-allowed-origins debug-socket-path " +
    "default-not-ready-toleration-seconds default-unreachable-toleration-seconds default-watch-cache-size " +
    "delete-collection-workers disable-admission-plugins disable-http2-serving>=31 disabled-metrics " +
    "egress-selector-config-file emulated-version>=31 emulation-forward-compatible>=33 enable-admission-plugins " +
    "enable-aggregator-routing enable-bootstrap-token-auth enable-garbage-collector enable-logs-handler " +
    "enable-priority-and-fairness encryption-provider-config encryption-provider-config-automatic-reload " +
    "endpoint-reconciler-type etcd-cafile etcd-certfile etcd-compaction-interval etcd-count-metric-poll-period " +
    "etcd-db-metric-poll-interval etcd-healthcheck-timeout etcd-keyfile etcd-prefix etcd-readycheck-timeout " +
    "etcd-servers etcd-servers-overrides event-ttl external-hostname feature-gates goaway-chance help " +
    "http2-max-streams-per-connection kubelet-certificate-authority kubelet-client-certificate kubelet-client-key " +
    "kubelet-port kubelet-preferred-address-types kubelet-read-only-port kubelet-timeout " +
    "kubernetes-service-node-port lease-reuse-duration-seconds livez-grace-period log-flush-frequency " +
    "log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size>=30 log-text-split-stream>=30 " +
    "logging-format max-connection-bytes-per-sec max-mutating-requests-inflight max-requests-inflight " +
    "min-request-timeout oidc-ca-file oidc-client-id oidc-groups-claim oidc-groups-prefix oidc-issuer-url " +
    "oidc-required-claim oidc-signing-algs oidc-username-claim oidc-username-prefix peer-advertise-ip>=28 " +
    "peer-advertise-port>=28 peer-ca-file>=28 permit-address-sharing permit-port-sharing profiling " +
    "proxy-client-cert-file proxy-client-key-file request-timeout requestheader-allowed-names " +
    "requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers " +
    "requestheader-uid-headers>=32 requestheader-username-headers runtime-config " +
    "runtime-config-emulation-forward-compatible>=33 secure-port service-account-extend-token-expiration " +
    "service-account-issuer service-account-jwks-uri service-account-key-file service-account-lookup " +
    "service-account-max-token-expiration service-account-signing-endpoint>=32 service-account-signing-key-file " +
    "service-cluster-ip-range service-node-port-range show-hidden-metrics-for-version shutdown-delay-duration " +
    "shutdown-send-retry-after shutdown-watch-termination-grace-period storage-backend " +
    "storage-initialization-timeout>=31 storage-media-type strict-transport-security-directives tls-cert-file " +
    "tls-cipher-suites tls-min-version tls-private-key-file tls-sni-cert-key token-auth-file tracing-config-file " +
    "v version vmodule watch-cache watch-cache-sizes",
  controllerManager:
    "allocate-node-cidrs allow-metric-labels allow-metric-labels-manifest>=29 attach-detach-reconcile-sync-period " +
    "authentication-kubeconfig authentication-skip-lookup authentication-token-webhook-cache-ttl " +
    "authentication-tolerate-lookup-failure authorization-always-allow-paths authorization-kubeconfig " +
    "authorization-webhook-cache-authorized-ttl authorization-webhook-cache-unauthorized-ttl bind-address " +
    "cert-dir cidr-allocator-type client-ca-file cloud-config cloud-provider cluster-cidr cluster-name " +
    "cluster-signing-cert-file cluster-signing-duration cluster-signing-key-file " +
    "cluster-signing-kube-apiserver-client-cert-file cluster-signing-kube-apiserver-client-key-file " +
    "cluster-signing-kubelet-client-cert-file cluster-signing-kubelet-client-key-file " +
    "cluster-signing-kubelet-serving-cert-file cluster-signing-kubelet-serving-key-file " +
    "cluster-signing-legacy-unknown-cert-file cluster-signing-legacy-unknown-key-file " +
    "concurrent-cron-job-syncs>=28 concurrent-daemonset-syncs>=32 concurrent-deployment-syncs " +
    "concurrent-endpoint-syncs concurrent-ephemeralvolume-syncs concurrent-gc-syncs " +
    "concurrent-horizontal-pod-autoscaler-syncs concurrent-job-syncs>=28 concurrent-namespace-syncs " +
    "concurrent-rc-syncs concurrent-replicaset-syncs concurrent-resource-quota-syncs " +
    "concurrent-service-endpoint-syncs concurrent-service-syncs concurrent-serviceaccount-token-syncs " +
    "concurrent-statefulset-syncs concurrent-ttl-after-finished-syncs " +
    "concurrent-validating-admission-policy-status-syncs>=28 configure-cloud-routes contention-profiling " +
    "controller-start-interval controllers disable-attach-detach-reconcile-sync " +
    "disable-force-detach-on-timeout>=30 disable-http2-serving>=31 disabled-metrics emulated-version>=31 " +
    "enable-dynamic-provisioning enable-garbage-collector enable-hostpath-provisioner enable-leader-migration " +
    "endpoint-updates-batch-period endpointslice-updates-batch-period external-cloud-volume-plugin feature-gates " +
    "flex-volume-plugin-dir help horizontal-pod-autoscaler-cpu-initialization-period " +
    "horizontal-pod-autoscaler-downscale-delay<31 horizontal-pod-autoscaler-downscale-stabilization " +
    "horizontal-pod-autoscaler-initial-readiness-delay horizontal-pod-autoscaler-sync-period " +
    "horizontal-pod-autoscaler-tolerance horizontal-pod-autoscaler-upscale-delay<31 " +
    "http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig " +
    "large-cluster-size-threshold leader-elect leader-elect-lease-duration leader-elect-renew-deadline " +
    "leader-elect-resource-lock leader-elect-resource-name leader-elect-resource-namespace " +
    "leader-elect-retry-period leader-migration-config legacy-service-account-token-clean-up-period>=28 " +
    "log-flush-frequency log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size>=30 " +
    "log-text-split-stream>=30 logging-format master max-endpoints-per-slice min-resync-period " +
    "mirroring-concurrent-service-endpoint-syncs mirroring-endpointslice-updates-batch-period " +
    "mirroring-max-endpoints-per-subset namespace-sync-period node-cidr-mask-size node-cidr-mask-size-ipv4 " +
    "node-cidr-mask-size-ipv6 node-eviction-rate node-monitor-grace-period node-monitor-period " +
    "node-startup-grace-period node-sync-period permit-address-sharing permit-port-sharing profiling " +
    "pv-recycler-increment-timeout-nfs pv-recycler-minimum-timeout-hostpath pv-recycler-minimum-timeout-nfs " +
    "pv-recycler-pod-template-filepath-hostpath pv-recycler-pod-template-filepath-nfs " +
    "pv-recycler-timeout-increment-hostpath pvclaimbinder-sync-period requestheader-allowed-names " +
    "requestheader-client-ca-file requestheader-extra-headers-prefix requestheader-group-headers " +
    "requestheader-uid-headers>=32 requestheader-username-headers resource-quota-sync-period root-ca-file " +
    "route-reconciliation-period secondary-node-eviction-rate secure-port service-account-private-key-file " +
    "service-cluster-ip-range show-hidden-metrics-for-version terminated-pod-gc-threshold tls-cert-file " +
    "tls-cipher-suites tls-min-version tls-private-key-file tls-sni-cert-key unhealthy-zone-threshold " +
    "use-service-account-credentials v version vmodule volume-host-allow-local-loopback<31 " +
    "volume-host-cidr-denylist<31",
  kubelet:
    "address allowed-unsafe-sysctls anonymous-auth authentication-token-webhook " +
    "authentication-token-webhook-cache-ttl authorization-mode authorization-webhook-cache-authorized-ttl " +
    "authorization-webhook-cache-unauthorized-ttl bootstrap-kubeconfig cert-dir cgroup-driver cgroup-root " +
    "cgroups-per-qos client-ca-file cloud-config<34 cloud-provider cluster-dns cluster-domain config " +
    "config-dir>=28 container-log-max-files container-log-max-size container-runtime-endpoint " +
    "contention-profiling cpu-cfs-quota cpu-cfs-quota-period cpu-manager-policy cpu-manager-policy-options " +
    "cpu-manager-reconcile-period enable-controller-attach-detach enable-debugging-handlers enable-server " +
    "enforce-node-allocatable event-burst event-qps eviction-hard eviction-max-pod-grace-period " +
    "eviction-minimum-reclaim eviction-pressure-transition-period eviction-soft eviction-soft-grace-period " +
    "exit-on-lock-contention experimental-allocatable-ignore-eviction experimental-mounter-path fail-cgroupv1>=31 " +
    "fail-swap-on feature-gates file-check-frequency hairpin-mode healthz-bind-address healthz-port " +
    "hostname-override housekeeping-interval http-check-frequency image-gc-high-threshold image-gc-low-threshold " +
    "image-service-endpoint iptables-drop-bit<31 iptables-masquerade-bit<31 keep-terminated-pod-volumes<31 " +
    "kernel-memcg-notification kube-api-burst kube-api-content-type kube-api-qps kube-reserved " +
    "kube-reserved-cgroup kubeconfig kubelet-cgroups local-storage-capacity-isolation lock-file " +
    "log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size>=30 log-text-split-stream>=30 " +
    "logging-format make-iptables-util-chains manifest-url manifest-url-header max-open-files max-pods " +
    "maximum-dead-containers maximum-dead-containers-per-container memory-manager-policy " +
    "minimum-container-ttl-duration minimum-image-ttl-duration node-ip node-labels node-status-max-images " +
    "node-status-update-frequency oom-score-adj pod-cidr pod-manifest-path pod-max-pids pods-per-core port " +
    "protect-kernel-defaults provider-id qos-reserved read-only-port register-node register-schedulable<34 " +
    "register-with-taints registry-burst registry-qps reserved-cpus reserved-memory resolv-conf root-dir " +
    "rotate-certificates rotate-server-certificates runonce runtime-request-timeout seccomp-default " +
    "serialize-image-pulls streaming-connection-idle-timeout sync-frequency system-cgroups system-reserved " +
    "system-reserved-cgroup tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file " +
    "topology-manager-policy topology-manager-policy-options topology-manager-scope v vmodule volume-plugin-dir " +
    "volume-stats-agg-period windows-priorityclass windows-service",
  kubeProxy:
    "bind-address bind-address-hard-fail cleanup cluster-cidr config config-sync-period conntrack-max-per-core " +
    "conntrack-min conntrack-tcp-be-liberal>=29 conntrack-tcp-timeout-close-wait " +
    "conntrack-tcp-timeout-established conntrack-udp-timeout>=29 conntrack-udp-timeout-stream>=29 " +
    "detect-local-mode enable-dsr feature-gates forward-healthcheck-vip healthz-bind-address healthz-port " +
    "hostname-override init-only>=29 iptables-localhost-nodeports iptables-masquerade-bit " +
    "iptables-min-sync-period iptables-sync-period ipvs-exclude-cidrs ipvs-min-sync-period ipvs-scheduler " +
    "ipvs-strict-arp ipvs-sync-period ipvs-tcp-timeout ipvs-tcpfin-timeout ipvs-udp-timeout kube-api-burst " +
    "kube-api-content-type kube-api-qps kubeconfig log-json-info-buffer-size log-json-split-stream " +
    "log-text-info-buffer-size>=30 log-text-split-stream>=30 logging-format masquerade-all master " +
    "metrics-bind-address metrics-port network-name nodeport-addresses oom-score-adj pod-bridge-interface " +
    "pod-interface-name-prefix profiling proxy-mode proxy-port-range<31 root-hnsendpoint-name " +
    "show-hidden-metrics-for-version source-vip v vmodule windows-service write-config-to",
  scheduler:
    "allow-metric-labels allow-metric-labels-manifest>=29 authentication-kubeconfig authentication-skip-lookup " +
    "authentication-token-webhook-cache-ttl authentication-tolerate-lookup-failure " +
    "authorization-always-allow-paths authorization-kubeconfig authorization-webhook-cache-authorized-ttl " +
    "authorization-webhook-cache-unauthorized-ttl bind-address cert-dir client-ca-file config " +
    "contention-profiling disable-http2-serving>=31 disabled-metrics emulated-version>=31 feature-gates help " +
    "http2-max-streams-per-connection kube-api-burst kube-api-content-type kube-api-qps kubeconfig leader-elect " +
    "leader-elect-lease-duration leader-elect-renew-deadline leader-elect-resource-lock " +
    "leader-elect-resource-name leader-elect-resource-namespace leader-elect-retry-period log-flush-frequency " +
    "log-json-info-buffer-size log-json-split-stream log-text-info-buffer-size>=30 log-text-split-stream>=30 " +
    "logging-format master permit-address-sharing permit-port-sharing pod-max-in-unschedulable-pods-duration " +
    "profiling requestheader-allowed-names requestheader-client-ca-file requestheader-extra-headers-prefix " +
    "requestheader-group-headers requestheader-uid-headers>=32 requestheader-username-headers secure-port " +
    "show-hidden-metrics-for-version tls-cert-file tls-cipher-suites tls-min-version tls-private-key-file " +
    "tls-sni-cert-key v version vmodule write-config-to",
};

/** Options of `k3s agent`, as its documentation lists them (docs.k3s.io/cli/agent). Servers take them too. */
export const AGENT_OPTIONS =
  "alsologtostderr bind-address config container-runtime-endpoint data-dir debug default-runtime " +
  "disable-apiserver-lb disable-default-registry-endpoint docker enable-pprof flannel-cni-conf flannel-conf " +
  "flannel-iface image-credential-provider-bin-dir image-credential-provider-config image-service-endpoint " +
  "kube-proxy-arg kubelet-arg lb-server-port log node-external-dns node-external-ip node-internal-dns node-ip " +
  "node-label node-name node-taint nonroot-devices pause-image prefer-bundled-bin private-registry " +
  "protect-kernel-defaults resolv-conf rootless selinux server snapshotter token token-file v vmodule vpn-auth " +
  "vpn-auth-file with-node-id";

/** Options of `k3s server` alone (docs.k3s.io/cli/server). */
export const SERVER_OPTIONS =
  "advertise-address advertise-port agent-token agent-token-file cluster-cidr cluster-dns cluster-domain " +
  "cluster-init cluster-reset cluster-reset-restore-path datastore-cafile datastore-certfile datastore-endpoint " +
  "datastore-keyfile default-local-storage-path disable disable-cloud-controller disable-helm-controller " +
  "disable-kube-proxy disable-network-policy disable-scheduler egress-selector-mode embedded-registry etcd-arg " +
  "etcd-disable-snapshots etcd-expose-metrics etcd-s3 etcd-s3-access-key etcd-s3-bucket etcd-s3-config-secret " +
  "etcd-s3-endpoint etcd-s3-endpoint-ca etcd-s3-folder etcd-s3-insecure etcd-s3-proxy etcd-s3-region " +
  "etcd-s3-secret-key etcd-s3-skip-ssl-verify etcd-s3-timeout etcd-snapshot-compress etcd-snapshot-dir " +
  "etcd-snapshot-name etcd-snapshot-retention etcd-snapshot-schedule-cron flannel-backend flannel-external-ip " +
  "flannel-ipv6-masq helm-job-image https-listen-port kube-apiserver-arg kube-cloud-controller-manager-arg " +
  "kube-controller-manager-arg kube-scheduler-arg secrets-encryption secrets-encryption-provider service-cidr " +
  "service-node-port-range servicelb-namespace supervisor-metrics system-default-registry tls-san " +
  "tls-san-security write-kubeconfig write-kubeconfig-group write-kubeconfig-mode";
