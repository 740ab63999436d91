GEMINI_API_KEY = "⟦google-api-key⟧"
elevenlabs_client = ElevenLabs(api_key="⟦elevenlabs-api-key⟧")
voyage = voyageai.Client(api_key="⟦voyage-api-key⟧")
fal = {"FAL_KEY": "⟦fal-key⟧"}
azure_openai_key = "⟦azure-openai-key-legacy⟧"
AZURE_OPENAI_API_KEY = "⟦azure-ai-services-key⟧"
TWILIO_AUTH_TOKEN = "⟦twilio-auth-token⟧"
