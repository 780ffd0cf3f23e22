# Part of a Nomad client's configuration: lets jobs of the docker driver name zone-oci, which dockerd has to know
# (docker-daemon.json). Without this file the jobs get dockerd's default runtime.

plugin "docker" {
  config {
    allow_runtimes = ["runc", "zone-oci"]
  }
}
