"""The five calls of MLflow's REST API that a finished run needs: https://mlflow.org/docs/latest/rest-api.html.

Why not MLflow's own client: docs/decisions/0028-mlflow-by-its-rest-api.md.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests

from backend.errors import NotFound, ServiceError

T = TypeVar("T")

SECONDS = 10.0
"""How long a call may take."""
MOST_METRICS, MOST_PARAMETERS, MOST_TAGS = 1000, 100, 100
"""Of one call."""
LONGEST_PARAMETER, LONGEST_TAG = 6000, 5000
"""Characters; longer values are cut."""


@dataclass(frozen=True)
class Metric:
    """A finite number at a step of a curve."""

    key: str
    value: float
    step: int = 0


@dataclass(frozen=True)
class Logged:
    """What MLflow is told of one run; times in milliseconds since 1970, UTC."""

    name: str
    started: int
    ended: int
    parameters: dict[str, str]
    metrics: Sequence[Metric]
    tags: dict[str, str]


@dataclass(frozen=True)
class MlflowServer:
    """An MLflow tracking server.

    Attributes:
        url: of the server; may hold a user and a password for HTTP Basic.
        token: for a server that asks for one.
    """

    url: str
    token: str | None = field(default=None, repr=False)

    def log(self, experiment: str, run: Logged) -> str:
        """Keeps a finished run; returns the id that MLflow gives it.

        Raises:
            ServiceError: the server does not answer, or refuses.
        """
        tags = [{"key": key, "value": value[:LONGEST_TAG]} for key, value in run.tags.items()]
        made = self._post(
            "runs/create",
            experiment_id=self._experiment(experiment),
            run_name=run.name,
            start_time=run.started,
            tags=tags[:MOST_TAGS],
        )
        run_id = str(made["run"]["info"]["run_id"])
        for batch in _batches(run):
            self._post("runs/log-batch", run_id=run_id, **batch)
        self._post("runs/update", run_id=run_id, status="FINISHED", end_time=run.ended)
        return run_id

    def _experiment(self, name: str) -> str:
        try:
            found = self._call("GET", "experiments/get-by-name", params={"experiment_name": name})
        except NotFound:
            return str(self._post("experiments/create", name=name)["experiment_id"])
        return str(found["experiment"]["experiment_id"])

    def _post(self, path: str, **body: Any) -> Any:
        return self._call("POST", path, json=body)

    def _call(self, method: str, path: str, **content: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        address = f"{self.url.rstrip('/')}/api/2.0/mlflow/{path}"
        try:
            answer = requests.request(method, address, headers=headers, timeout=SECONDS, **content)
            if answer.status_code == requests.codes.not_found and "RESOURCE_DOES_NOT_EXIST" in answer.text:
                raise NotFound(f"MLflow has nothing of that name ({path})")
            answer.raise_for_status()
            return answer.json()
        except (requests.RequestException, ValueError) as error:
            # its words may hold the address, with the password in it
            status = getattr(getattr(error, "response", None), "status_code", None)
            trouble = f"answers {status}" if status else f"does not answer ({type(error).__name__})"
            raise ServiceError(
                f"MLflow at {urlsplit(self.url).hostname or 'an address without a host'} {trouble} to {path}; "
                "mend SCINTILOOP_MLFLOW_URL, or leave it empty"
            ) from None


def _batched(rows: Iterable[T], most: int) -> Iterator[list[T]]:
    left = iter(rows)
    while batch := list(islice(left, most)):
        yield batch


def _batches(run: Logged) -> Iterator[dict[str, Any]]:
    """The parameters, then the metrics, as many in one call as MLflow takes."""
    for parameters in _batched(run.parameters.items(), MOST_PARAMETERS):
        yield {"params": [{"key": key, "value": value[:LONGEST_PARAMETER]} for key, value in parameters]}
    for metrics in _batched(run.metrics, MOST_METRICS):
        rows = [{"key": one.key, "value": one.value, "timestamp": run.ended, "step": one.step} for one in metrics]
        yield {"metrics": rows}
