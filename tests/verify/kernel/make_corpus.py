"""Write the corpus of certificates in tests/certificates: valid, invalid (well formed, wrong) and malformed files.

    PYTHONPATH=. python tests/verify/kernel/make_corpus.py

The same files come out each time, and files that are no longer made are removed. The bisection trees were found by
search and stand in `corpus_valid` as text; the kernel checks them like any other. `build()` returns the files as
bytes, so that a test can compare them with those committed.
"""

from corpus_invalid import invalid
from corpus_malformed import compress, encode, malformed
from corpus_valid import ball, valid
from kernel_cases import CORPUS


def build() -> dict[str, dict[str, bytes]]:
    """Return the content of every file, by folder and name."""
    return {
        "valid": {
            **{f"{name}.json": encode(data) for name, data in valid().items()},
            "bisection-three-variables.json.gz": compress(encode(ball())),
        },
        "invalid": {f"{name}.json": encode(data) for name, data in invalid().items()},
        "malformed": malformed(),
    }


def main() -> None:
    """Write the files of the corpus and remove stale ones."""
    for folder, files in build().items():
        place = CORPUS / folder
        place.mkdir(parents=True, exist_ok=True)
        for path in place.iterdir():
            if path.name not in files:
                path.unlink()
        for name, content in files.items():
            (place / name).write_bytes(content)


if __name__ == "__main__":
    main()
