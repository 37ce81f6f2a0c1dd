import threading

from assistant.worker import Token, Worker


def test_jobs_run_one_after_the_other_and_a_failing_one_does_not_end_the_thread() -> None:
    done: list[str] = []
    finished = threading.Event()
    worker = Worker("test")

    def fail(token: Token) -> None:
        done.append("failed")
        raise RuntimeError

    worker.do(fail)
    worker.do(lambda token: done.append("after"))
    worker.do(lambda token: finished.set())

    assert finished.wait(2)
    assert done == ["failed", "after"]
    assert worker.close()


def test_a_cancelled_job_sees_its_token_and_a_waiting_one_never_starts() -> None:
    started, saw = threading.Event(), threading.Event()
    worker = Worker("test")
    later: list[str] = []

    def patient(token: Token) -> None:
        started.set()
        for _ in range(200):
            if token.cancelled():
                saw.set()
                return
            threading.Event().wait(0.01)

    first = worker.do(patient)
    assert started.wait(2)
    worker.do(lambda token: later.append("ran"))
    worker.cancel()
    first.cancel()

    assert saw.wait(2)
    assert worker.close()
    assert later == []
