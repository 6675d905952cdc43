"""The durable engine: the only module that knows DBOS.

Our tables and the engine's share one database (schema ``dbos`` on PostgreSQL, the same file on SQLite),
so asking for work is a row in the caller's own transaction. What is stored of a run is its task's name,
an id and a number, as JSON: never an object, never a secret.

A run calls ``task.run(id)`` at least once. A crash in the middle runs it again; the task reads where it
stands from our tables. An exception that the task did not handle is a fault, not an outcome: the run is
repeated on RETRY_AFTER, and after the last try it is a dead letter that staff see.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions, WorkflowStatus
from sqlalchemy import Engine as SqlEngine
from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from core.kernel.db import BUSY_TIMEOUT_SECONDS, Database
from core.kernel.work import Task
from core.work.lanes import LANES, Limits, is_outside, lane_of, no_limits

APPLICATION = "innkeeper"
VERSION = "1"  # ours, fixed: a computed one would strand the running work of the release before
WORKFLOW = "task"
SCHEMA = "dbos"
AGAIN = "~"  # between a run's identity and the number of its repeat after a failure
RETRY_AFTER = (1, 5, 30, 120, 600)  # seconds until an unforeseen failure is tried again
DEATHS = 10  # of processes under one run: then it is taken for the cause
LOG_LEVEL = "WARNING"  # below it the library advertises
POOL_SIZE = 10
PAGE = 500

log = structlog.get_logger(__name__)


class TaskFailed(Exception):
    """A run ended in an exception on its last try. Names the kind only: the text may hold secrets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run as the engine's tables know it. ``error`` is for staff."""

    id: str
    task: str
    subject: UUID
    turn: int
    queue: str
    state: str
    updated_at: datetime
    error: str = ""


def identity(task: str, subject: UUID, turn: int) -> str:
    """The id under which the engine keeps a run."""
    return f"{task}:{subject}:{turn}"


class ClientEngine:
    """Asks for work and looks after it, runs none: for web processes and tools."""

    def __init__(self, db: Database, *, limits: Limits = no_limits, patient: bool = False) -> None:
        """``patient``: calls of its own wait for a lost database instead of raising."""
        self._db = db
        self._limits = limits
        self._sql = _engine_of_its_own(db) if db.is_sqlite else db.engine
        self._client = DBOSClient(
            system_database_engine=self._sql,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=patient,
        )

    def enqueue(
        self, session: Session, task: str, subject: UUID, *, queue: str = "default", turn: int = 0
    ) -> None:
        """See ``core.kernel.work.Engine.enqueue``."""
        options = self._options(identity(task, subject, turn), queue, session)
        self._client.enqueue_in_transaction(session, options, task, str(subject), turn, queue, 0)

    def register(self, tasks: Iterable[Task]) -> None:
        """Nothing runs here, so nothing needs to be known."""

    def launch(self) -> None:
        """Nothing to start."""

    def shutdown(self) -> None:
        self._client.destroy()
        if self._sql is not self._db.engine:
            self._sql.dispose()

    def migrate(self) -> None:
        """Make or renew the engine's own tables. Nothing happens when they are current."""
        _quiet()
        url = self._db.url.render_as_string(hide_password=False)
        DBOS.migrate(url, schema=SCHEMA)
        self._register_lanes()

    def is_current(self) -> bool:
        """Whether ``migrate`` has been run for this version."""
        try:
            known = {queue.name for queue in self._client.list_queues()}
        except DBAPIError:
            return False
        return known >= {lane.name for lane in LANES}

    def held_by(self, executor_id: str, *, since_before: datetime | None = None) -> list[StoredRun]:
        """What a process has begun and not ended."""
        return self._list(
            status="PENDING",
            executor_id=executor_id,
            dequeued_before=since_before.isoformat() if since_before else None,
        )

    def holders(self) -> set[str]:
        """The processes that have begun something and not ended it."""
        rows = self._client.list_workflows(
            status="PENDING", application_name=APPLICATION, load_input=False, load_output=False
        )
        return {row.executor_id for row in rows if row.executor_id}

    def take_over(self, runs: Iterable[StoredRun]) -> list[StoredRun]:
        """Give begun runs back to their queues because their process is gone; returns those given back.

        Call it for a process that you alone have declared dead. A run that has lost DEATHS processes is
        cancelled instead and becomes a dead letter.
        """
        return [run for run in runs if self._give_back(run.id)]

    def dead_letters(self, limit: int = PAGE) -> list[StoredRun]:
        """Runs that nobody will try again by itself, newest first."""
        states = ["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]
        return self._list(status=states, limit=limit, sort_desc=True, load_output=True)

    def retry(self, run_id: str) -> None:
        """Start a dead letter again from the beginning. Raises LookupError when there is none."""
        found = self._list(workflow_ids=[run_id])
        if not found:
            raise LookupError(f"there is no run {run_id!r}")
        options = self._options(run_id, found[0].queue)
        self._client.rewind_workflow(
            run_id, queue_name=options["queue_name"], queue_partition_key=options["queue_partition_key"]
        )

    def forget(self, *, succeeded_before: datetime, dead_before: datetime) -> int:
        """Delete ended runs; returns how many. In batches, so that no transaction is long."""
        count = self._forget("SUCCESS", succeeded_before)
        return count + self._forget(["ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"], dead_before)

    def waiting(self) -> int:
        """How many runs have not ended, up to PAGE."""
        return len(self._list(status=["ENQUEUED", "DELAYED", "PENDING"], limit=PAGE))

    def _register_lanes(self) -> None:
        for lane in LANES:
            self._client.register_queue(
                lane.name,
                partition_concurrency=lane.at_once if lane.everywhere else None,
                partition_worker_concurrency=None if lane.everywhere else lane.at_once,
                polling_interval_sec=lane.poll_seconds,
            )

    def _options(self, run_id: str, queue: str, session: Session | None = None) -> EnqueueOptions:
        lane = lane_of(queue, self._limit(queue, session))
        return EnqueueOptions(
            workflow_name=WORKFLOW, workflow_id=run_id, queue_name=lane.name, queue_partition_key=queue
        )

    def _limit(self, queue: str, session: Session | None) -> int | None:
        if not is_outside(queue):
            return None
        if session is not None:
            return self._limits(session, queue)
        with self._db.read() as reading:
            return self._limits(reading, queue)

    def _give_back(self, run_id: str) -> bool:
        found = self._client.list_workflows(workflow_ids=[run_id], load_input=False, load_output=False)
        if not found or found[0].status != "PENDING":
            return False
        deaths = int((found[0].attributes or {}).get("deaths", 0)) + 1
        self._client.update_workflow_attributes(run_id, {"deaths": deaths})
        if deaths >= DEATHS:
            log.error("run is set aside: it has lost too many processes", run=run_id, deaths=deaths)
            self._client.cancel_workflows([run_id])
            return False
        self._client.resume_workflow(run_id, queue_name=found[0].queue_name)
        return True

    def _forget(self, status: str | list[str], before: datetime) -> int:
        count = 0
        while found := self._client.list_workflows(
            status=status, completed_before=before.isoformat(), limit=PAGE, load_input=False,
            load_output=False, application_name=APPLICATION,
        ):  # fmt: skip
            self._client.delete_workflows([row.workflow_id for row in found])
            count += len(found)
        return count

    def _list(self, *, load_output: bool = False, **filters: Any) -> list[StoredRun]:
        rows = self._client.list_workflows(
            application_name=APPLICATION, name=WORKFLOW, load_input=False, load_output=load_output, **filters
        )
        return [_stored(row) for row in rows]


class DurableEngine(ClientEngine):
    """Runs work too. One launched engine per process: the library is a singleton."""

    def __init__(self, db: Database, *, executor_id: str, limits: Limits = no_limits) -> None:
        """``executor_id`` is unique per process and stable over its restarts."""
        super().__init__(db, limits=limits, patient=True)
        self.executor_id = executor_id
        self._tasks: dict[str, Task] = {}
        self._running: set[str] = set()
        self._guard = threading.Lock()
        self._launched = False

    def register(self, tasks: Iterable[Task]) -> None:
        """Raises ValueError when two tasks have one name."""
        for task in tasks:
            if task.name in self._tasks:
                raise ValueError(f"two tasks are called {task.name!r}")
            self._tasks[task.name] = task

    @property
    def running(self) -> frozenset[str]:
        """The ids of the runs that are under way in this process."""
        with self._guard:
            return frozenset(self._running)

    def launch(self) -> None:
        """Start working. What this executor had begun before a crash goes on first."""
        _quiet()
        self._register_lanes()
        DBOS(config=self._config())
        self._declare()
        DBOS.launch()
        self._launched = True

    def shutdown(self, *, wait_seconds: int = 5) -> None:
        """Stop taking work, wait for what is under way, then leave. What is left is taken up later."""
        if self._launched:
            wait = wait_seconds if self.running else 0
            DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait)
            self._launched = False
        super().shutdown()

    def _declare(self) -> None:
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=DEATHS)
        def perform(task: str, subject: str, turn: int, queue: str, tries: int) -> str:
            return self._perform(task, subject, turn, queue, tries)

    def _config(self) -> DBOSConfig:
        config = DBOSConfig(
            name=APPLICATION,
            application_version=VERSION,
            executor_id=self.executor_id,
            log_level=LOG_LEVEL,
            dbos_system_schema=SCHEMA,
            serializer=DBOSPortableJSONSerializer(),
            run_migrations=False,
            enable_otlp=False,
            sys_db_pool_size=POOL_SIZE,
            scheduler_polling_interval_sec=3600,  # we schedule ourselves
            notification_listener_polling_interval_sec=0.2,  # without listeners it only delays the end
        )
        if self._db.is_sqlite:
            config["system_database_engine"] = self._sql
        else:
            config["system_database_url"] = self._db.url.render_as_string(hide_password=False)
        return config

    def _perform(self, task: str, subject: str, turn: int, queue: str, tries: int) -> str:
        run_id = str(DBOS.workflow_id)
        with self._guard:
            self._running.add(run_id)
        try:
            self._find(task).run(UUID(subject))
        except Exception as error:  # noqa: BLE001 - whatever a task raises is planned again or set aside
            self._failed(error, task, UUID(subject), turn, queue, tries)
            return f"failed: {type(error).__name__}"
        finally:
            with self._guard:
                self._running.discard(run_id)
        return "done"

    def _failed(self, error: Exception, task: str, subject: UUID, turn: int, queue: str, tries: int) -> None:
        """Plan the next try; raises TaskFailed when there is none."""
        log.error("task failed", task=task, subject=str(subject), tried=tries + 1, exc_info=error)
        if tries >= len(RETRY_AFTER):
            raise TaskFailed(f"{task}: {type(error).__name__}") from None
        options = self._options(f"{identity(task, subject, turn)}{AGAIN}{tries + 1}", queue)
        options["delay_seconds"] = RETRY_AFTER[tries]
        self._client.enqueue(options, task, str(subject), turn, queue, tries + 1)

    def _find(self, name: str) -> Task:
        if name not in self._tasks:
            raise LookupError(f"no task is called {name!r}")
        return self._tasks[name]


def _stored(row: WorkflowStatus) -> StoredRun:
    task, subject, turn = row.workflow_id.partition(AGAIN)[0].rsplit(":", 2)
    moment = row.completed_at or row.updated_at or 0
    return StoredRun(
        id=row.workflow_id,
        task=task,
        subject=UUID(subject),
        turn=int(turn),
        queue=row.queue_partition_key or "default",
        state=row.status,
        updated_at=datetime.fromtimestamp(moment / 1000, UTC),
        error=str(row.error or ""),
    )


def _quiet() -> None:
    logging.getLogger("dbos").setLevel(LOG_LEVEL)


def _engine_of_its_own(db: Database) -> SqlEngine:
    """SQLite: the library says BEGIN its own way, so it gets connections of its own to the same file."""
    timeout = {"timeout": BUSY_TIMEOUT_SECONDS}
    engine = create_engine(make_url(db.url), connect_args=timeout, max_overflow=40, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: object) -> None:
    connection.isolation_level = "IMMEDIATE"  # wait for the write lock at BEGIN, never in the middle
    cursor = connection.cursor()
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
    cursor.close()
