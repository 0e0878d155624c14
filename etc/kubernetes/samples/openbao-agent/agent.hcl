# An agent of OpenBao (or Vault) beside the daemon, in a pod or on a machine, that keeps files of its secrets:
# file://acme/siem/signing is /run/secrets/openbao/files/acme/siem/signing.
vault {
  address = "https://vault.example:8200"
}

auto_auth {
  method "approle" {
    config = {
      role_id_file_path                   = "/etc/bao-agent/role-id"
      secret_id_file_path                 = "/etc/bao-agent/secret-id"
      remove_secret_id_file_after_reading = false
    }
  }
}

template_config {
  # How soon a changed value of a KV engine arrives; without it, five minutes.
  static_secret_render_interval = "30s"
  exit_on_retry_failure         = false
}

template {
  source      = "/etc/bao-agent/signing.ctmpl"
  destination = "/run/secrets/openbao/files/acme/siem/signing"
  # The daemon reads it by its group. In quotes: without them 640 is read as a decimal number, which is mode 1200.
  perms = "0640"
  # Without it a missing key becomes the text "<no value>". The daemon refuses that text; this keeps the old file instead.
  error_on_missing_key = true
}
