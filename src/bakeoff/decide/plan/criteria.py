"""The exit criteria of each phase of a roadmap: what must be true before the next phase begins.

Takes a `Plan`, gives sentences. They ask what the verdict requires: where the profile says what answers are worth, that
the plan is worth more than what happens today, and the goals that the profile gives itself. Knows nothing about weeks.
"""

from bakeoff.decide.plan.tasks import MIN_RECALL, TEST_QUESTIONS, TRAINING_EXAMPLES, Plan, peak_rate, percent
from bakeoff.decide.situation.approaches import FINE_TUNING, HYBRID
from bakeoff.decide.situation.targets import RUNNING


def requirements_done(plan: Plan) -> list[str]:
    return [
        f"Targets agreed: {'; '.join([*(goal.text for goal in plan.wanted), *plan.worth])}.",
        f"{TEST_QUESTIONS} real questions collected, with how often each is asked.",
    ]


def data_done(plan: Plan) -> list[str]:
    done = [
        f"{TEST_QUESTIONS} test questions with answers and evidence, a tenth of them unanswerable; no leak reported."
    ]
    if plan.trains:
        done.append(f"{max(TRAINING_EXAMPLES, plan.profile.labelled_examples or 0):,} training examples checked.")
    if plan.retrieves:
        done.append("Every answerable test question names a document that contains its answer.")
    return done


def set_up_done(plan: Plan) -> list[str]:
    done = ["The service answers a question end to end."]
    if plan.retrieves:
        done.append(f"Retrieval finds the evidence of at least {percent(MIN_RECALL - 0.1)} of the dev questions.")
    if plan.trains:
        done.append("A 10-minute training run can be stopped and resumed from its checkpoint.")
    return done


def pilot_done(plan: Plan) -> list[str]:
    done = [_first_accuracy(plan), *(f"By the verdict, on average {worth}." for worth in plan.worth)]
    if HYBRID in plan.approaches:
        done.append(_beats_rag(plan, "The hybrid"))
    if FINE_TUNING in plan.approaches:
        done.append(_beats_rag(plan, "The tuned model"))
    retention = plan.goals.get("retention")
    if plan.trains and retention:
        done.append(f"{retention.text[0].upper()}{retention.text[1:]}.")
    return done


def _first_accuracy(plan: Plan) -> str:
    """What the first test must show: near the target if there is one, and better than the base model."""
    goal = plan.goals.get("accuracy")
    if goal is None:
        return "More accurate on the test questions than the model as it comes, without documents."
    return (
        f"Accuracy of at least {percent(goal.value - 0.1)} on the test questions (10 points below target), and higher "
        "than the model as it comes, without documents."
    )


def _beats_rag(plan: Plan, who: str) -> str:
    """Why RAG is not enough: net value decides if the profile gives a value, otherwise accuracy."""
    if plan.worth:
        return f"By the verdict, {who.lower()} is worth more than RAG, costs included; otherwise use RAG."
    points = 100 * plan.profile.margin
    return f"{who} beats RAG by at least {points:g} points of accuracy on unseen facts; otherwise use RAG."


def improvement_done(plan: Plan) -> list[str]:
    how = {RUNNING: "Calculated from measured numbers"}
    done = [f"{how.get(goal.measure, 'Measured on the test questions')}: {goal.text}." for goal in plan.wanted]
    done += [f"Shown by the verdict with 95 % confidence: {worth}." for worth in plan.worth]
    if plan.retrieves:
        done.append(f"Retrieval finds the evidence of at least {percent(MIN_RECALL)} of the test questions.")
    return done


def deployment_done(plan: Plan) -> list[str]:
    latency = f" with {plan.goals['latency_ms'].text}" if "latency_ms" in plan.goals else ""
    answers = [plan.goals[name].text for name in ("accuracy", "hallucination") if name in plan.goals]
    return [
        f"Live for a week at 25 % of the users{latency} at {peak_rate(plan.profile)}.",
        f"In a sample of 50 live answers: {'; '.join([*answers, *plan.worth])}.",
        "One rollback and one update rehearsed by someone who did not build them.",
    ]
