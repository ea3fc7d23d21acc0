"""Places in a bucket, with the methods of pathlib that a lake needs: one request for each operation."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from lake.storage.object_store import StoreError, open_store, store_errors
from schemas.errors import MisuseError

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ObjectStore

# requests that wait for the store at the same time
MAX_CONCURRENT_REQUESTS = 8
MAX_CLAIMS = 5
# the wait for an answer, where a store throttles or is down
MAX_REQUEST_SECONDS = 60


@dataclass(frozen=True, slots=True, order=True)
class ObjectPath:
    """A place in a bucket: an object, or all objects below it. It has those methods of pathlib.Path that a lake needs.

    `bucket` is a URL without a path, such as s3://bucket; `key` is empty for the whole bucket. Methods raise
    FileNotFoundError for an object that is not there, and StoreError.
    """

    bucket: str
    key: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Return the place that a URL names. Raises MisuseError if it names no bucket."""
        scheme, _, rest = url.partition("://")
        name, *segments = rest.split("/")
        if not name:
            raise MisuseError(f"{url}: names no bucket; {scheme}://bucket/prefix does")
        return cls(f"{scheme}://{name}", "/".join(filter(None, segments)))

    def __str__(self) -> str:
        return f"{self.bucket}/{self.key}" if self.key else self.bucket

    def __truediv__(self, relative_path: str) -> Self:
        return type(self)(self.bucket, f"{self.key}/{relative_path}" if self.key else relative_path)

    @property
    def name(self) -> str:
        return str(self).rpartition("/")[2]

    @property
    def parent(self) -> Self:
        return type(self)(self.bucket, self.key.rpartition("/")[0])

    @property
    def store(self) -> "ObjectStore":
        return open_store(self.bucket, MAX_REQUEST_SECONDS)

    def read_bytes(self) -> bytes:
        with store_errors(self, FileNotFoundError):
            return self.store.get(self.key).bytes().to_bytes()

    def read_tail(self, size_bytes: int, length: int) -> bytes:
        """Return the last bytes of the object, which has this size."""
        with store_errors(self, FileNotFoundError):
            start = max(size_bytes - length, 0)
            return self.store.get_range(self.key, start=start, end=size_bytes).to_bytes()

    def write_bytes(self, content: bytes | memoryview) -> str | None:
        """Write the whole object in one request, in the place of one that is there, and return its ETag."""
        with store_errors(self, FileNotFoundError):
            return self.store.put(self.key, content, use_multipart=False)["e_tag"]

    def write_text(self, text: str, encoding: str = "utf-8") -> str | None:
        return self.write_bytes(text.encode(encoding))

    def create(self, content: bytes) -> str | None:
        """Write the object if there is none, and return its ETag. Raises FileExistsError if there is one."""
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        try:
            with store_errors(self, AlreadyExistsError, PreconditionError):
                return self.store.put(self.key, content, mode="create")["e_tag"]
        except (AlreadyExistsError, PreconditionError) as error:
            raise FileExistsError(f"{self}: exists") from error

    def claim(self, content: bytes) -> bool:
        """Write the object if there is none, and return whether it has this content, which no other writer writes.

        A PUT whose answer was lost is sent again, and then finds its own object.
        """
        for _ in range(MAX_CLAIMS):
            try:
                self.create(content)
            except FileExistsError:
                # where two requests meet, a store may refuse both
                with suppress(FileNotFoundError):
                    return self.read_bytes() == content
            else:
                return True
        raise StoreError(f"{self}: is refused as if it existed, and does not exist")

    def exists(self) -> bool:
        """Return whether there is such an object; a prefix of others is none."""
        try:
            with store_errors(self, FileNotFoundError):
                self.store.head(self.key)
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        return False

    def mkdir(self, *, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: an object needs no folder."""

    def unlink(self, *, missing_ok: bool = True) -> None:  # noqa: ARG002 - as in pathlib
        """Delete the object. Not every store tells whether there was one, so a missing one is no error."""
        delete_objects([self])


def list_objects(folder: ObjectPath) -> list["ObjectMeta"]:
    """Return all objects below a place, sorted by key: a request for each thousand."""
    with store_errors(folder, FileNotFoundError):
        objects = folder.store.list(folder.key or None, chunk_size=1000).collect()
    return sorted(objects, key=lambda each: each["path"])


def list_sizes(folder: ObjectPath) -> dict[str, int]:
    """Return the size in bytes of each object below a place, by its path relative to it."""
    return {_relative_key(folder, each): each["size"] for each in list_objects(folder)}


def _relative_key(folder: ObjectPath, each: "ObjectMeta") -> str:
    return each["path"].removeprefix(f"{folder.key}/") if folder.key else each["path"]


def delete_objects(objects: Sequence[ObjectPath]) -> None:
    """Delete objects of one bucket, as far as they exist: a request for each thousand, on stores that can do so."""
    if not objects:
        return
    try:
        _delete(objects)
    except FileNotFoundError:
        # Azure tells it, and leaves what it has not come to
        for each in objects:
            with suppress(FileNotFoundError):
                _delete([each])


def _delete(objects: Sequence[ObjectPath]) -> None:
    with store_errors(objects[0], FileNotFoundError):
        objects[0].store.delete([each.key for each in objects])


def read_objects(objects: Sequence[ObjectPath]) -> Iterator[bytes]:
    """Yield the contents of objects, in order. Several are requested at the same time."""
    with ThreadPoolExecutor(MAX_CONCURRENT_REQUESTS) as executor:
        yield from executor.map(ObjectPath.read_bytes, objects)
