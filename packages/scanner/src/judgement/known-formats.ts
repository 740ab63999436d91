/**
 * Beginnings that are some provider's own. A value that begins so and is still only known by its name has the wrong length, alphabet or
 * checksum: nobody's secret. A test holds this list against the detectors.
 */
export const knownPrefix =
  /^(?:[A-Za-z0-9_~.]{3}\dQ~|sk-(?:proj|svcacct|admin|None|ant|or-v1|lf|helicone|api|do)-|sk-[A-Za-z0-9]{16}|pk-lf-|AIza|AQ\.A|ya29\.|1\/\/0|GOCSPX-|AKIA|ASIA|ABIA|ACCA|ABSK|bedrock-api-key-|IQoJ|LTAI|bce-v3\/|AQVN|gsk_|xai-|pplx-|tgp_v1_|fw_|r8_|hf_|api_org_|sk_[0-9a-f]{8}|sk_car_|key_[0-9a-f]{8}|pcsk_|ck-|tpuf_|AstraCS:|pa-|jina_|nk-|tvly-|fc-[0-9a-f]{8}|BSA|apify_api_|bb_(?:live|test)_|e2b_|sk_e2b_|[ac]k_|llx-|m0-|app-|dataset-|pat_|VF\.|n8n_api_|cog_|apk_user_|cr-[0-9a-f]{8}|lsv2_|ls__|wandb_v1_|pylf_v|phx_|phc_|pl_[0-9a-f]{8}|tl_[0-9a-f]{8}|hl_sk_|a[ks]-|nvapi-|csk-|dapi|dose|vc[kpair]_|rpa_|secret_|flp_|esecret_|aph0_|up_|rc_[0-9a-f]{8}|KGAT_|gh[pousr]_|github_pat_|gl(?:pat|rt|dt|cbt|ptt|oas|agent|soat|ft|ffct|imt)-|GR1348941|AT(?:ATT|CTT|BB)|npm_|pypi-|dckr_|CCI(?:PAT|PRJ)_|bkua_|rubygems_|cio[A-Za-z0-9]{20}|oy2|AKCp|cmVmdGtuO|hv[sbr]\.|dp\.(?:pt|st|ct|sa|scim|audit)\.|ops_eyJ|A3-|st\.[0-9a-f]{8}|AGE-SECRET-KEY-|eyJ|AAAA[A-Za-z0-9_-]{7}:APA91b|sk-[a-z0-9]{7}-|xox[abeprsdoc]|xapp-|https?:|SK[0-9a-f]{8}|SG\.|key-[0-9a-f]{8}|re_|xkeysib-|[sr]k_(?:live|test)_|whsec_|EAAA|sq0|access_token\$|shp(?:at|ca|pa|ss|tka)_|access-(?:sandbox|development|production)-|sntry[su]_|NRAK-|NRI[IQ]-|gls?[ac]_|v1\.0-|do[oprt]_v1_|HRKU-|nf[pcob]_|fo1_|fm[12]|rnd_|tskey-|pul-|pscale_|napi_|mdb_sa_sk_|4b1d|AAEAAW|sb_(?:secret|publishable)_|sbp_|lin_(?:api|oauth)_|ntn_|pat[A-Za-z0-9]{14}\.|pk_|figd_|PMAK-|pat-(?:na|eu|ap)|sl\.|tfp_|00D|dG9r|sgp_|sq[apu]_|kw[uclskrad]_|SCW[A-Z0-9]{8})/

/**
 * Providers whose keys have one known form and carry no prefix, or whose prefix is known: a value named for one of them that no detector
 * of theirs took is not their key. A test holds this list against the detectors.
 */
export const knownName = loose(
  /openai|anthropic|claude|gemini|mistral|codestral|cohere|co_api|groq|xai_|grok|deepseek|dashscope|qwen|moonshot|kimi|minimax|zhipu|zai_|glm_|siliconflow|qianfan|ark_api|volcengine|openrouter|perplexity|pplx|together|fireworks|replicate|hugging_?face|hf_token|stability|eleven_?labs|xi_api|deepgram|assembly|cartesia|speechmatics|retell|runway|vapi|livekit|fal_key|fal_ai|scw_|scaleway|leonardo|pinecone|weaviate|qdrant|chroma|turbopuffer|zilliz|upstash|voyage|jina|nomic|tavily|exa_|firecrawl|serper|serp_?api|brave|apify|browserbase|e2b_|composio|llama_?cloud|mem0|dify|voiceflow|n8n|cursor|devin|coderabbit|langsmith|langchain|langfuse|wandb|helicone|portkey|litellm|logfire|posthog|promptlayer|traceloop|humanloop|arize|braintrust|comet|opik|agentops|nvidia|nvcf|cerebras|sambanova|databricks|vercel|modal_|runpod|lambda_api|baseten|friendli|anyscale|deep_?infra|novita|ai21|upstage|featherless|ollama|clarifai|roboflow|kaggle|vast_?ai|github|gh_token|gitlab|npm_token|pypi|circle|buildkite|jenkins|doppler|slack|discord|telegram|twilio|sendgrid|mailgun|mailchimp|resend|brevo|postmark|stripe|square|shopify|plaid|datadog|dd_a|dg_api|aai_api|runwayml|wcd_|wcs_|vast_api|crates|cargo|paypal|x-portkey|bitbucket|jira|cosmos|snowflake|yandex|yc_api|eleven_api|sentry|new_?relic|grafana|cloudflare|cf_api|digitalocean|heroku|netlify|fly_api|render_api|railway|tailscale|pulumi|planetscale|neon_api|supabase|linear_|notion|airtable|asana|clickup|figma|postman|hubspot|sonar|snyk|okta|auth0|clerk|workos|aws_|secret_?access_?key|azure|alibaba|aliyun|keyward/i,
)

/** Names are written `some_key`, `some-key`, `some.key` and `someKey`. */
function loose(names: RegExp): RegExp {
  return new RegExp(names.source.replace(/_\??/g, '[_.-]?'), 'i')
}
