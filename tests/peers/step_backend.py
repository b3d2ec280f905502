"""The step backend of a transducer, with ours.  Apache-2.0/MIT, github.com/npatsakula/svod.

``RnntStepBackend`` and the trait ``JointStep`` that a search loop drives, ``StepStats``, and the
recurrent wrapper under it: model/src/gigaam/rnnt.rs (backend.rs) and model/src/jit, as of 2026.

Rows are as in ``nam_rs.py``.
"""

__all__ = ["ROWS"]

Row = tuple[str, str, str] | tuple[str, str, str, str]

STEPPER = "runtime/adapters/test_stepper.py"
BITS = f"{STEPPER}::test_steps_of_one_frame_give_the_bits_of_a_whole_signal"
ROLLBACK = f"{STEPPER}::test_rollback_returns_to_the_last_commit"
RESET = f"{STEPPER}::test_reset_returns_to_the_beginning_and_commits_it"
STATS = f"{STEPPER}::test_statistics"
OUT = f"{STEPPER}::test_out_is_filled_and_returned"
WRONG = f"{STEPPER}::test_what_is_wrong_is_one_line"
BRANCHES = f"{STEPPER}::test_branches_are_saved_and_restored"
SEARCH = "runtime/adapters/test_step_search.py"
CANDIDATES = f"{SEARCH}::test_candidates_are_all_tried_from_the_same_commit"
JOINED = f"{SEARCH}::test_a_commit_takes_the_state_of_both_networks"
ALLOCATES = f"{SEARCH}::test_steps_commits_and_saves_allocate_nothing"
GIVEN = "graph/opening/test_given.py::test_it_sounds_as_its_graph"
STATE = "runtime/engine/test_state.py"
TWO = "two networks that feed each other are one graph, stepped by one call"

ROWS: tuple[Row, ...] = (
    ("RnntStepBackend::from_model", "Stepper", GIVEN,
     "of any graph; a model is one too"),
    ("RnntStepBackend::total_vocab", "Stepper.graph", BITS, "the channels of graph.outputs"),
    ("RnntStepBackend::stats", "Stepper.stats", STATS),
    ("RnntStepBackend::reset_stats", "Stepper.reset_stats", STATS),
    ("JointStep::step", "Stepper.step", CANDIDATES,
     "goes on from the step before it; rollback first where it must begin at the commit"),
    ("JointStep::step(encoder_frame)", "Stepper.step",
     f"{STEPPER}::test_blocks_of_up_to_the_given_frames"),
    ("JointStep::step(prev_token: None)", "Stepper.reset", RESET,
     "frames of audio, no tokens: an empty prefix is the state after reset"),
    ("JointStep::step(logits_out)", "Stepper.step", OUT),
    ("JointStep::commit", "Stepper.commit", CANDIDATES),
    ("JointStep::reset", "Stepper.reset", RESET),
    ("JointStep::Error", "EngineError", WRONG),
    ("a step leaves the committed state alone", "Stepper.rollback", ROLLBACK),
    ("no commit after a blank", "Stepper.rollback", CANDIDATES),
    ("one utterance at a time", "Stepper.streams", f"{STEPPER}::test_streams_are_independent",
     "up to 65,536 streams in one call"),
    ("plans are prepared once and reused", "Stepper", ALLOCATES),
    ("weights are shared by what uses them", "Stepper.streams",
     f"{STEPPER}::test_streams_are_independent"),
    ("predictor and joint network", "Graph.connect", JOINED, TWO),
    ("StepStats::n_steps", "StepStats.steps", STATS),
    ("StepStats::n_commits", "StepStats.commits", STATS),
    ("StepStats::n_resets", "StepStats.resets", STATS, "rollbacks, saves and restores too"),
    ("StepStats::t_pred_pack", "StepStats.pack_us", STATS, "means of a step, in microseconds"),
    ("StepStats::t_pred_exec", "StepStats.execute_us", STATS),
    ("StepStats::t_pred_read", "StepStats.read_us", STATS),
    ("StepStats::t_joint_pack", "StepStats.pack_us", STATS, TWO),
    ("StepStats::t_joint_exec", "StepStats.execute_us", STATS, TWO),
    ("StepStats::t_joint_read", "StepStats.read_us", STATS, TWO),
    ("StepStats::total", "StepStats.step_us", STATS, "of a step; times steps it is the total"),
    ("StepStats: Clone, Debug, Default", "StepStats.__repr__", STATS),
    ("timing is always on", "Stepper.stats", STATS),
    ("LstmState::h, c", "EngineState", BRANCHES, "of any node, not of an LSTM alone"),
    ("LstmState::zeros", "Stepper.save_state", f"{STATE}::test_into_given_memory"),
    ("LstmState::reset", "Stepper.reset", RESET),
    ("JitRecurrent::new", "Stepper", WRONG, "what does not fit is refused when it is made"),
    ("JitRecurrent::jit", "Stepper.graph", BITS),
    ("JitRecurrent::state", "Stepper.save_state", BRANCHES),
    ("JitRecurrent::state_mut", "Stepper.restore_state", BRANCHES),
    ("JitRecurrent::head_len", "Stepper.frames",
     f"{STEPPER}::test_blocks_of_up_to_the_given_frames"),
    ("JitRecurrent::step", "Stepper.step", BITS),
    ("JitRecurrent::reset", "Stepper.reset", RESET),
    ("JitRecurrent::last_timing", "StepStats.longest_us", STATS, "the longest step, and means"),
    ("StepTiming::pack", "StepStats.pack_us", STATS),
    ("StepTiming::exec", "StepStats.execute_us", STATS),
    ("StepTiming::read", "StepStats.read_us", STATS),
    ("RecurrentJit::pack_state", "Stepper.restore_state", BRANCHES),
    ("RecurrentJit::execute_step", "Stepper.step", BITS),
    ("RecurrentJit::output_buffer", "Stepper.step", OUT, "the array given as out"),
    ("OutputLayoutMismatch", "PortError", WRONG),
    ("committed state is two copies of memory", "Stepper.commit", ALLOCATES),
)  # fmt: skip
