"""A roll-out: a release goes into the services, is watched, proven and written down."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager

from deployer.cloudformation import stacks, stuck
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.events import Operation, StackEvent
from deployer.cloudformation.stack_updates import Consent, Outcome, Result, deploy_stack
from deployer.cloudformation.stacks import Stack
from deployer.ecs.services import Services, of_stack
from deployer.errors import AWS_ERRORS, DeployError, explain
from deployer.operations.witness import Witness
from deployer.outputs import CLUSTER, IMAGE
from deployer.releasing import history, releases, retention
from deployer.releasing.going_back import go_back, image_before
from deployer.releasing.image_changes import only_the_image
from deployer.releasing.migrations import may_migrate, migrated
from deployer.releasing.proof import Proof, Question, prove, runs
from deployer.releasing.record import Record
from deployer.releasing.release_failures import DEPLOY, GOES_ON, PUSH, behind, was, what_runs
from deployer.releasing.releases import Migrated, Release, State
from deployer.releasing.targets import Image, Target
from deployer.tools import Tools


class RollOut:
    """One release on its way, beside the change of the root stack (`stack_updates.Companion`).

    `settings` is the hash of the templates that a deploy gives the root, empty for those that it has: then it is a
    push, which brings the image alone. `nested`: look into nested stacks when planning to go back. Raises DeployError
    when the image cannot work with the database, or when somebody else is at work.
    """

    tells = True

    def __init__(self, tools: Tools, target: Target, image: Image, settings: str = "", *, nested: bool = True) -> None:
        self.image = image
        self._nested = nested
        self._again = DEPLOY if settings else PUSH
        self._record = Record(tools, target)
        self._tools, self._target, self._given = tools, target, settings
        self._proving = False
        self._prepare()

    @property
    def standing(self) -> Result | None:
        """The root as it is, if it has the image already; else None."""
        if self._current is None or self._current.parameters.get(IMAGE) != self.image.reference:
            return None
        return Result(self._target.root, Outcome.UNCHANGED, self._current.outputs)

    def begin(self, change_set: ChangeSet) -> None:
        """Write the release down before any service changes.

        Much may have happened while somebody was asked: everything is looked at once more. Raises DeployError.
        """
        self._tools.require()
        self._prepare()
        self._record.begin(self.image, self._settings, self._history)
        number = self._record.release.number
        self._tools.step(f"rolling out release {number} of {change_set.stack}: {self.image.reference}")

    def abandoned(self) -> None:
        """Write down that nothing has come of it."""
        self._record.close(State.FAILED, Migrated.NO)

    def look(self, fresh: Sequence[StackEvent]) -> None:
        """Look for tasks of the new release that have ended."""
        self._witness.look(fresh)

    def succeeded(self, operation: Operation) -> None:
        """Keep what the stack could not delete: whether the release runs is yet to be seen."""
        self._witness.succeeded(operation)

    def failed(self, operation: Operation, error: DeployError) -> DeployError:
        """The stack went back: say why in the words of its tasks, and what has become of the database."""
        said = self._witness.failed(operation, error)
        # The database of a first creation goes with its stack.
        moved = Migrated.NO if self._current is None else self._migrated(ran=self._witness.ran)
        release = self._record.close(State.FAILED, moved)
        line = f"release {release.number} is not live: {said.line}"
        if self._current is None or operation.status == "DELETE_COMPLETE":  # nothing runs
            return DeployError(line, said.hint)
        before = self._current.parameters.get(IMAGE, "")
        if release.migrated is Migrated.NO:
            way_on = f"{what_runs(self._history, before)} as before; mend it and {self._again}"
        else:
            way_on = behind(release, releases.of_image(self._history, before), self._again)
        hints = [said.hint, _out_of(operation, self._current), way_on]
        return DeployError(line, "; ".join(each for each in hints if each))

    def conclude(self, result: Result) -> Generator[StackEvent, None, Release | None]:
        """See that what is in the services runs, and write down that it is live; otherwise go back, if one can.

        None: nothing was changed, and the release is known to be live. Raises DeployError when it does not run, or when
        the lock was lost: then it is not ours to write down.
        """
        has_begun = self._record.has_begun
        if not has_begun and self._is_live():
            return None
        self._tools.require()
        if not has_begun:
            self._take_up()
        self._proving = True
        self._record.note(deployed=True)
        cluster = result.outputs.get(CLUSTER, "")
        proof = prove(self._tools, self._question(cluster))
        if superseded := self._superseded():  # not ours to judge any more, or to undo
            number = self._record.close(State.FAILED, self._migrated(cluster, ran=True)).number
            raise DeployError(f"release {number} is not live: {superseded}")
        if proof.problem:
            try:
                yield from self._undo(proof, cluster)
            except DeployError as error:
                self._witness.disproved(error, proof.log)
                raise
        self._tools.require()
        moved = may_migrate(self._history, self.image.facts, self.image.airflow)
        seen = Migrated.UNKNOWN if proof.asleep else Migrated.YES
        release = self._record.close(State.LIVE, seen if moved else Migrated.NO, proof.unproven)
        retention.prune(self._tools, self._target, release, cluster)
        return release

    @contextmanager
    def attended(self) -> Iterator[None]:
        """Say what goes on without us, when we are interrupted or AWS cannot be reached."""
        try:
            yield
        except KeyboardInterrupt:
            if self._record.is_open:
                self._tools.report(f"{self._where()}; {self._way_on()}")
            raise
        except AWS_ERRORS as error:
            if not self._record.is_open:
                raise
            told = explain(error)
            raise DeployError(f"{self._where()}: {told.line}", f"{self._way_on()}; {told.hint}".rstrip("; ")) from error

    def _prepare(self) -> None:
        """Look at how things are: stack, releases, database, services."""
        tools, target, image = self._tools, self._target, self.image
        self._current = history.at_rest(tools, target)
        self._history = history.settled(tools, target, self._current)
        self._settings = self._given or history.settings_of(tools, target, self._history)
        if self._current:
            what = f"the image {image.tag or image.reference}"
            releases.require_serves(self._history, what, image.facts, image.airflow, target.bucket)
        cluster = self._current.outputs.get(CLUSTER) if self._current else None
        self._before = Services(tools.aws).read(cluster)
        old = frozenset(each.definition.arn for each in self._before)
        self._witness = Witness(tools, target.bucket, target.root, cluster, old)

    def _question(self, cluster: str) -> Question:
        own, known = of_stack(self._tools.aws, self._target.root), {each.arn for each in self._before}
        purpose = retention.tag_of(self._record.release.number)
        return Question(cluster, self.image.reference, own, known, purpose, self._superseded)

    def _is_live(self) -> bool:
        """Whether what the root has was seen to run, and runs. Raises DeployError when only the second is not so."""
        if not releases.is_proven(releases.deployed(self._history), self.image.reference):
            return False
        own = of_stack(self._tools.aws, self._target.root)
        if not runs([each for each in self._before if each.arn in own], self.image.reference):
            raise DeployError(
                f"{self._target.root} has the image {self.image.reference} already, but not every service runs it yet",
                "wait a few minutes, or look at the cluster's services; then run it again",
            )
        return True

    def _take_up(self) -> None:
        """Begin to prove what is in the services: as the release that it is, or as another one if that has failed."""
        newest = next(iter(self._history), None)
        if newest and newest.state is State.LIVE and newest.image == self.image.reference:
            self._history = self._history[1:]
            self._record.take_up(newest)
        else:
            self._record.begin(self.image, self._settings, self._history)
        self._tools.step(f"release {self._record.release.number} is in the services, and was not seen to run yet")

    def _undo(self, proof: Proof, cluster: str) -> Generator[StackEvent, None, None]:
        """Go back to an image that can work with the database. Always raises."""
        for line in proof.log:
            self._tools.report(f"    {line}")
        release = self._record.close(State.FAILED, self._migrated(cluster, ran=True))
        line = f"release {release.number} is not live: {proof.problem}"
        if release.migrated is not Migrated.NO:
            raise DeployError(
                f"{line}; the database {was(release)} migrated for it, so nothing goes back: the new code stays",
                f"mend it and {self._again}, with Airflow {release.airflow} or newer",
            )
        before = image_before(self._current, self.image.reference, self._history)
        if not before:
            raise DeployError(line, f"there is nothing to go back to, so it stays; mend it and {self._again}")
        yield from go_back(self._tools, self._target, before, line, nested=self._nested)
        last = releases.of_image(self._history, before)
        runs = f"{what_runs(self._history, before)} again"
        if last and last.settings != release.settings:
            runs = f"the image of release {last.number} runs again, with the templates that were deployed just now"
        raise DeployError(line, f"{runs}; mend it and {self._again}")

    def _superseded(self) -> str:
        """Say that the root has another image by now; empty as long as it has ours."""
        root = stacks.find(self._tools.aws, self._target.root)
        has = root.parameters.get(IMAGE, "") if root else ""
        if has == self.image.reference:
            return ""
        known = releases.read(self._tools.aws, self._target.bucket)
        other = next((each for each in known if each.image == has), None)
        return f"{f'release {other.number}' if other else 'another image'} has taken over meanwhile"

    def _migrated(self, cluster: str | None = None, *, ran: bool) -> Migrated:
        services = [*self._before, *Services(self._tools.aws).read(cluster)]
        groups = history.log_groups(services)
        return migrated(self._tools, self._record.release, self._history, groups, ran=ran)

    def _where(self) -> str:
        number = self._record.release.number
        if self._proving:
            return f"release {number} is in the services, but could not be seen to run"
        return f"release {number} was left on its way"

    def _way_on(self) -> str:
        return f"{self._again}, which looks once more" if self._proving else GOES_ON


def _out_of(operation: Operation, root: Stack) -> str:
    """What to do first when the stack could not go back."""
    if operation.status != "UPDATE_ROLLBACK_FAILED":
        return ""
    held = ", ".join(each.path for each in stuck.find(operation, root.id))
    on = f"; it is stuck on {held}" if held else ""
    return f"first let the stack come to rest: `make airflow-deploy` offers to go on with the rollback{on}"


def roll(
    tools: Tools, target: Target, image: Image, consent: Consent = only_the_image, *, nested: bool = True
) -> Generator[StackEvent, None, Release | None]:
    """Put an image into the deployed root and change nothing else; None when it is live already.

    Raises DeployError when CloudFormation would change more than that, and when it fails.
    """
    rolling = RollOut(tools, target, image, nested=nested)
    request = StackRequest(target.root, Template(previous=True), {IMAGE: image.reference}, nested=nested)
    with rolling.attended():
        result = rolling.standing
        if result is None:
            result = yield from deploy_stack(tools.aws, request, consent, tools.clock, rolling, tools.report)
        return (yield from rolling.conclude(result))
