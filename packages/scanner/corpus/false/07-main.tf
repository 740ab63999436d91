resource "openai_project" "agent" { id = "proj_7QbX2mN4vR8sT1wY" }
data "aws_secretsmanager_secret" "key" { arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:agent-key-AbCdEf" }
variable "api_key" { type = string }
locals { api_key = var.api_key, client_secret = data.vault_generic_secret.app.data["client_secret"] }
