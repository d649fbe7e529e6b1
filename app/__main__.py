"""`python -m app` is the command `initiatives`."""

from app.cli import app

if __name__ == "__main__":
    app(prog_name="initiatives")
