# A job whose task runs by zone-oci: nomad job run nomad-job.hcl

job "box" {
  group "box" {
    task "box" {
      driver = "docker"

      config {
        image   = "debian:12"
        command = "sleep"
        args    = ["infinity"]
        runtime = "zone-oci"
      }

      resources {
        cpu    = 500
        memory = 64
      }
    }
  }
}
