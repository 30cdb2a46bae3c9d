"""The monitor: each mistake gets its code once, on the right handle, and clean runs get none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capilint.model import Machine, Monitor
from capilint.model.events import NoticeKind


class Run:
    """A machine under a monitor, driven as the replay drives it: by handles only."""

    def __init__(self) -> None:
        self.machine, self.monitor = Machine(), Monitor()
        self.machine.observers.append(self.monitor)

    def context(self) -> int:
        made = self.machine.replay("CryptAcquireContextA", {}, makes=("phProv",))
        return made["phProv"]

    def key(self, context: int) -> int:
        made = self.machine.replay("CryptGenKey", {"hProv": context}, makes=("phKey",))
        return made["phKey"]

    def hash(self, context: int) -> int:
        made = self.machine.replay("CryptCreateHash", {"hProv": context}, makes=("phHash",))
        return made["phHash"]

    def encrypt(self, key: int, succeeds: bool = True) -> None:
        self.machine.replay("CryptEncrypt", {"hKey": key}, succeeds)

    def destroy(self, key: int) -> None:
        self.machine.replay("CryptDestroyKey", {"hKey": key})

    def destroy_hash(self, thing: int) -> None:
        self.machine.replay("CryptDestroyHash", {"hHash": thing})

    def release(self, context: int) -> None:
        self.machine.replay("CryptReleaseContext", {"hProv": context})

    def leave(self) -> list[tuple[str, int]]:
        self.machine.notify(NoticeKind.LEAVE)
        return [(said.code, said.handle) for said in self.monitor.verdicts]


@pytest.fixture
def run() -> Run:
    return Run()


def test_a_clean_run_is_clean(run: Run) -> None:
    context = run.context()
    key, thing = run.key(context), run.hash(context)
    run.encrypt(key)
    run.destroy_hash(thing)
    run.destroy(key)
    run.release(context)
    assert run.leave() == []


def test_a_key_alive_at_the_return_is_leaked(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.encrypt(key, succeeds=False)
    run.release(context)
    assert run.leave() == [("CAP101", key)]
    assert [said.resource for said in run.monitor.verdicts] == ["key"]


def test_a_context_with_a_reference_left_is_leaked(run: Run) -> None:
    context = run.context()
    run.machine.replay("CryptContextAddRef", {"hProv": context})
    run.release(context)
    assert run.leave() == [("CAP101", context)]


def test_a_lost_key_is_not_leaked_on_top(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.machine.notify(NoticeKind.LOSE, key)
    run.release(context)
    assert run.leave() == [("CAP103", key)]


def test_losing_a_destroyed_key_is_fine(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.destroy(key)
    run.machine.notify(NoticeKind.LOSE, key)
    run.release(context)
    assert run.leave() == []


def test_a_key_that_was_handed_out_is_not_leaked_but_its_misuse_is_said(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.machine.notify(NoticeKind.HAND_OUT, key, context)
    assert run.leave() == []
    run.destroy(key)
    run.encrypt(key)
    assert run.leave() == [("CAP201", key)]


def test_using_and_destroying_again_are_two_mistakes_said_once_each(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.destroy(key)
    for _ in range(2):
        run.encrypt(key)
        run.destroy(key)
    run.release(context)
    assert run.leave() == [("CAP201", key), ("CAP202", key)]


def test_handing_out_a_destroyed_key_is_a_use(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.destroy(key)
    run.machine.notify(NoticeKind.HAND_OUT, key)
    run.release(context)
    assert run.leave() == [("CAP201", key)]


@pytest.mark.parametrize(
    ("function", "parameter"),
    [
        ("CryptDestroyHash", "hHash"),
        ("CryptReleaseContext", "hProv"),
        ("CloseHandle", "hObject"),
        ("BCryptDestroyKey", "hKey"),
        ("CPDestroyKey", "hKey"),
    ],
)
def test_the_wrong_release_function_is_one_mistake(run: Run, function: str, parameter: str) -> None:
    context = run.context()
    key = run.key(context)
    run.machine.replay(function, {parameter: key}, succeeds=False)
    run.release(context)
    assert run.leave() == [("CAP203", key)]


def test_the_right_release_after_the_wrong_one_is_fine(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.destroy_hash(key)
    run.destroy(key)
    run.release(context)
    assert run.leave() == [("CAP203", key)]


@pytest.mark.parametrize("late", ["destroy", "encrypt-and-destroy", "hand-out"])
def test_a_key_that_is_touched_after_its_context_outlived_it(run: Run, late: str) -> None:
    context = run.context()
    key = run.key(context)
    run.release(context)
    if late == "hand-out":
        run.machine.notify(NoticeKind.HAND_OUT, key)
    else:
        if late == "encrypt-and-destroy":
            run.encrypt(key)
        run.destroy(key)
    assert run.leave() == [("CAP301", key)]


def test_a_late_destroy_counts_so_the_next_one_is_double(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.release(context)
    run.destroy(key)
    run.destroy(key)
    assert run.leave() == [("CAP301", key), ("CAP202", key)]


def test_a_duplicate_shares_the_owner(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    copy = run.machine.replay("CryptDuplicateKey", {"hKey": key}, makes=("phKey",))["phKey"]
    run.destroy(key)
    run.encrypt(copy)
    run.release(context)
    run.destroy(copy)
    assert run.leave() == [("CAP301", copy)]


def test_using_a_released_context_is_its_own_mistake_only(run: Run) -> None:
    context = run.context()
    run.release(context)
    key = run.key(context)
    run.destroy(key)
    assert run.leave() == [("CAP201", context)]


def test_releasing_a_context_beyond_zero_is_double(run: Run) -> None:
    context = run.context()
    run.machine.replay("CryptContextAddRef", {"hProv": context})
    for _ in range(3):
        run.release(context)
    assert run.leave() == [("CAP202", context)]


def test_a_key_lives_on_while_the_context_has_a_reference(run: Run) -> None:
    context = run.context()
    run.machine.replay("CryptContextAddRef", {"hProv": context})
    key = run.key(context)
    run.release(context)
    run.destroy(key)
    run.release(context)
    assert run.leave() == []


def test_a_failed_creation_makes_nothing(run: Run) -> None:
    context = run.context()
    made = run.machine.replay("CryptGenKey", {"hProv": context}, succeeds=False, makes=("phKey",))
    run.release(context)
    assert made == {} and run.leave() == []


def test_a_failed_release_leaves_the_key_alive(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    run.machine.replay("CryptDestroyKey", {"hKey": key}, succeeds=False)
    run.release(context)
    assert run.leave() == [("CAP101", key)]


def test_given_handles_are_not_owed_but_their_misuse_is_said(run: Run) -> None:
    context = run.machine.give("context")
    key = run.machine.give("key", context)
    stranger = run.machine.give("key")
    assert run.leave() == []
    run.release(context)
    run.destroy(stranger)
    run.destroy(stranger)
    run.destroy(key)
    assert run.leave() == [("CAP202", stranger), ("CAP301", key)]


def test_a_real_release_with_flags_counts_as_a_release(run: Run) -> None:
    context = run.context()
    run.machine.call("CryptReleaseContext", context, 1)
    assert run.leave() == []


def test_alive_at_exit_is_a_leak_with_its_moment(run: Run) -> None:
    context = run.context()
    run.machine.notify(NoticeKind.EXIT)
    (verdict,) = run.monitor.verdicts
    assert (verdict.code, verdict.handle, verdict.moment) == ("CAP101", context, "exit")


# ---------------------------------------------------------------- whole runs


def perform(run: Run, keys: int, order: list[int], forgotten: int | None) -> list[int]:
    """A context with some keys, used and destroyed in this order but for a forgotten one."""
    context = run.context()
    made = [run.key(context) for _ in range(keys)]
    for at in order:
        run.encrypt(made[at])
        if at != forgotten:
            run.destroy(made[at])
    run.release(context)
    return made


@given(keys=st.integers(1, 6), data=st.data())
def test_only_what_was_forgotten_is_said(keys: int, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(keys)))
    forgotten = data.draw(st.none() | st.integers(0, keys - 1))
    run = Run()
    made = perform(run, keys, order, forgotten)
    expected = [] if forgotten is None else [("CAP101", made[forgotten])]
    assert run.leave() == expected


ACTIONS = ("create", "use", "destroy", "misrelease", "release", "lose", "hand-out")


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 5)), max_size=30))
def test_any_run_says_each_mistake_once_and_of_a_handle_it_saw(
    actions: list[tuple[str, int]],
) -> None:
    run = Run()
    contexts = [run.context(), run.context()]
    keys = [run.key(contexts[0])]
    for action, number in actions:
        key, context = keys[number % len(keys)], contexts[number % 2]
        match action:
            case "create":
                keys.append(run.key(context))
            case "use":
                run.encrypt(key)
            case "destroy":
                run.destroy(key)
            case "misrelease":
                run.destroy_hash(key)
            case "release":
                run.release(context)
            case _:
                run.machine.notify(NoticeKind(action), key)
    said = run.leave()
    assert len(said) == len(set(said))
    assert {handle for _, handle in said} <= {*keys, *contexts}
    leaked = {handle for code, handle in said if code == "CAP101"}
    alive = {handle for handle in (*keys, *contexts) if run.machine.handles.get(handle).alive}
    assert leaked <= alive


def test_a_handle_that_is_shown_is_still_owed(run: Run) -> None:
    context = run.context()
    key, dead = run.key(context), run.key(context)
    run.destroy(dead)
    run.machine.notify(NoticeKind.SHOW, key, dead)
    run.release(context)
    assert run.leave() == [("CAP201", dead), ("CAP101", key)]


def test_a_fork_goes_its_own_way(run: Run) -> None:
    context = run.context()
    key = run.key(context)
    twin = Run()
    twin.machine, twin.monitor = run.machine.fork(), run.monitor.fork()
    twin.machine.observers.append(twin.monitor)
    assert run.monitor.standing(key) == twin.monitor.standing(key)
    twin.release(context)
    run.destroy(key)
    run.release(context)
    twin.destroy(key)
    assert run.leave() == []
    assert twin.leave() == [("CAP301", key)]
