from jarvis.server import SETTINGS


def test_the_model_is_configurable():
    assert "LLM_API_BASE" in SETTINGS
