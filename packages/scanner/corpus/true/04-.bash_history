export AWS_ACCESS_KEY_ID=⟦aws-access-key-id⟧
export AWS_SECRET_ACCESS_KEY=⟦aws-secret-access-key⟧
curl -H "x-api-key: ⟦anthropic-api-key⟧" https://api.anthropic.com/v1/models
wandb login ⟦wandb-legacy-key⟧
huggingface-cli login --token ⟦huggingface-user-token⟧
git clone https://x-access-token:⟦github-fine-grained-token⟧@github.com/acme/agent.git
