# The policy vault-snapshotd needs, for Vault and OpenBao:
#   vault policy write snapshot policy.hcl
# It goes on the role or the token, beside "default", which lets a token look at, renew and revoke itself.

# The snapshot itself. Whoever may read it holds all secrets of the cluster, encrypted: give it to nobody else.
path "sys/storage/raft/snapshot" {
  capabilities = ["read"]
}

# Which hosts the cluster has. Only needed where "addr" is a load balancer: it tells an agent whether its own host leads.
path "sys/storage/raft/configuration" {
  capabilities = ["read"]
}

# Only with "canary": the one secret that is written before each snapshot, here of mount "secret" as KV version 2.
# path "secret/data/check_timestamp" {
#   capabilities = ["create", "update", "read"]
# }
