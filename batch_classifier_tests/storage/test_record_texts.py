"""The ids that texts go by within a record."""

import base64
import hashlib

from batch_classifier.storage.record_texts import id_within


def test_ids_are_base_32_of_a_hash_as_in_the_records_that_were_sent_before() -> None:
    for number in range(2_000):
        record_id, text_id = f"{number:032x}", f"{number * number:032x}"
        digest = hashlib.sha256(f"{record_id} {text_id}".encode()).digest()
        assert id_within(record_id, text_id) == base64.b32encode(digest[:5]).decode().lower()
