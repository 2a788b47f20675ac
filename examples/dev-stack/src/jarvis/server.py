"""The backend: /health, and what it is configured with."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SETTINGS = ("LLM_API_BASE", "WHISPERX_MODEL_SIZE", "DEBUG", "LOG_LEVEL")


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        body = {"status": "up"} if self.path == "/health" else {name: os.environ.get(name) for name in SETTINGS}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Access-Control-Allow-Origin", "http://localhost:5173")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


if __name__ == "__main__":
    ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
