"""The public API of nam-rs and what it promises, with ours.  MIT, github.com/OpenSauce/nam-rs.

Version 0.4.0 (docs.rs/nam-rs/0.4.0) and its main branch of August 2026: lib.rs, error.rs, model.rs,
model_runtime.rs, lstm.rs, wavenet.rs and the README.

A row is their item, our name in ``namgraph``, the test that shows it and, where ours differs on
purpose, how.
"""

__all__ = ["ROWS"]

Row = tuple[str, str, str] | tuple[str, str, str, str]

NAM, FORMAT = "nodes/nam", "nodes/nam/format"
ERRORS = f"{FORMAT}/test_error_kinds.py"
FIELDS = f"{ERRORS}::test_type_and_fields_survive_the_cache_and_a_pickle"
UNREADABLE = f"{ERRORS}::test_what_cannot_be_read_or_is_no_json"
SAYS = f"{NAM}/test_model.py::test_what_a_file_says"
DEFAULT_RATE = f"{NAM}/test_model.py::test_the_default_is_public_and_assumed_where_a_file_is_silent"
DATES = f"{NAM}/test_model.py::test_a_date_may_lack_the_time"
CAB = f"{NAM}/test_model.py::test_a_cabinet_is_included_if_the_gear_says_so"
LENIENT = f"{NAM}/test_model.py::test_what_is_missing_or_of_another_type_is_none"
BITS = f"{NAM}/test_player.py::test_blocks_and_samples_give_the_bits_of_the_node"
TELLS = f"{NAM}/test_player.py::test_what_it_tells"
EXAMPLE = f"{NAM}/test_player.py::test_the_examples_of_the_module_hold"
TINY = f"{NAM}/test_player.py::test_the_tiny_lstm_of_the_field"
GOLDEN = f"{NAM}/test_golden.py::test_golden"
COVERED = f"{NAM}/test_golden.py::test_every_row_of_the_feature_table_is_covered"
SEVERAL = f"{NAM}/cpu/test_general.py::test_a_head_after_all_arrays_may_have_several_outputs"
SOURCES = f"{FORMAT}/test_sources.py::test_every_source_gives_the_same_model"
PROPERTIES = f"{FORMAT}/test_load.py::test_properties_of_a_model"
BAD_VALUES = f"{FORMAT}/test_load.py::test_bad_values"
SIZES = f"{FORMAT}/test_load.py::test_containers_choose_the_first_size_above"
SLIM = f"{NAM}/test_slim.py::test_after_a_change_the_output_is_that_of_the_new_size"
RESETS = "nodes/test_contract.py::test_reset_is_as_good_as_new"
PICKLED = f"{NAM}/test_model.py::test_pickled_and_copied"
SHORT = f"{NAM}/test_model.py::test_everything_in_a_model_is_one_short_line"
MODEL = "nodes.nam.model"
PLAYER = f"{MODEL}.player.Player"
"""What Model.player returns."""
WAVENET, PARTS = f"{MODEL}.wavenet.WaveNet", f"{MODEL}.wavenet_parts"
LAYER, ARRAY = f"{PARTS}.Layer", f"{PARTS}.LayerArray"
CONV, LSTM = f"{MODEL}.networks.Conv", f"{MODEL}.networks.Lstm"

ITEMS: tuple[Row, ...] = (
    ("DEFAULT_SAMPLE_RATE", "DEFAULT_SAMPLE_RATE", DEFAULT_RATE),
    ("Error", "NamFileError",
     f"{ERRORS}::test_every_kind_is_public_documented_and_made_of_a_message"),
    ("Error::Json", "NamJsonError", UNREADABLE),
    ("Error::Io", "NamReadError", UNREADABLE),
    ("Error::UnsupportedArchitecture", "UnsupportedArchitectureError.architecture", FIELDS),
    ("Error::UnsupportedActivation", "ActivationError.activation", FIELDS),
    ("Error::UnsupportedFeature", "UnsupportedFeatureError", FIELDS),
    ("Error::WeightCountMismatch.expected", "WeightCountError.expected", FIELDS),
    ("Error::WeightCountMismatch.found", "WeightCountError.found", FIELDS),
    ("Error::ConfigTooLarge", "ConfigTooLargeError.limit", FIELDS,
     "refused above a limit of memory, not where a count overflows"),
    ("NamModel", "Model", PROPERTIES),
    ("NamModel::version", "Model.version", PROPERTIES),
    ("NamModel::architecture", "Model.architecture", PROPERTIES),
    ("NamModel::config", "Model.network", PROPERTIES),
    ("NamModel::weights", "Model.network", f"{FORMAT}/test_load.py::test_weights_cannot_be_changed",
     "in the parts of the network, read-only and shaped; the flat list is in the file: save_nam"),
    ("NamModel::sample_rate", "Model.given_rate", DEFAULT_RATE),
    ("NamModel::metadata", "Model.metadata", SAYS),
    ("NamModel::from_file", "load_nam", SOURCES),
    ("NamModel::from_json_str", "load_nam", SOURCES, "bytes, a dict and open files too"),
    ("NamModel::expected_sample_rate", "Model.sample_rate", DEFAULT_RATE),
    ("NamModel::metadata_typed", "Model.name", SAYS, "the properties of the model itself"),
    ("NamModel::loudness", "Model.loudness", SAYS),
    ("NamModel::input_level_dbu", "Model.input_level_dbu", SAYS),
    ("NamModel::output_level_dbu", "Model.output_level_dbu", SAYS),
    ("NamModel::includes_cab", "Model.includes_cab", CAB),
    ("NamModel: Clone", "Model.__getstate__", PICKLED, "immutable: copies are itself, or pickled"),
    ("NamModel: Debug", "Model.__repr__", SHORT, "a line"),
    ("Metadata::loudness", "Model.loudness", SAYS),
    ("Metadata::input_level_dbu", "Model.input_level_dbu", SAYS),
    ("Metadata::output_level_dbu", "Model.output_level_dbu", SAYS),
    ("Metadata::gain", "Model.gain", SAYS),
    ("Metadata::name", "Model.name", SAYS),
    ("Metadata::modeled_by", "Model.modeled_by", SAYS),
    ("Metadata::gear_make", "Model.gear_make", SAYS),
    ("Metadata::gear_model", "Model.gear_model", SAYS),
    ("Metadata::gear_type", "Model.gear_type", SAYS),
    ("Metadata::tone_type", "Model.tone_type", SAYS),
    ("Metadata::trainer", "Model.trainer", SAYS),
    ("Metadata::date", "Model.date", SAYS),
    ("Metadata::training", "Model.metadata", SAYS, "untyped in both: metadata['training']"),
    ("Metadata::includes_cab", "Model.includes_cab", CAB),
    ("Date::year ... second", "Model.date", DATES, "a datetime of the standard library"),
    ("Date: Ord", "Model.date", DATES, "a datetime is ordered"),
    ("Model::from_nam", "Model.player", BITS),
    ("Model::process_buffer", f"{PLAYER}.process", BITS),
    ("Model::process_sample", f"{PLAYER}.process_sample", BITS),
    ("Model::reset", f"{PLAYER}.reset", BITS),
    ("Model::receptive_field", f"{PLAYER}.receptive_field", TELLS, "None for an LSTM, not 0"),
    ("Model::as_slimmable", "Model.sizes", SIZES),
    ("Model::as_slimmable_mut", f"{PLAYER}.engine", SLIM, 'player.engine.set("amp.slim", value)'),
    ("Model::expected_sample_rate", f"{PLAYER}.sample_rate", TELLS),
    ("Model::loudness", "Model.loudness", SAYS),
    ("Model::input_level_dbu", "Model.input_level_dbu", SAYS),
    ("Model::output_level_dbu", "Model.output_level_dbu", SAYS),
    ("Model::WaveNet", WAVENET, PROPERTIES, "a WaveNet is no class of its own to play with"),
    ("Model::Lstm", LSTM, PROPERTIES, "nor is an LSTM"),
    ("Model::Slimmable", "Model.submodels", SIZES),
    ("Slimmable::len", "Model.sizes", SIZES),
    ("Slimmable::is_empty", "Model.sizes", SIZES,
     "there is always one: an empty container is refused"),
    ("Slimmable::active_index", "Model.select", SIZES, "the model that plays at a slim value"),
    ("Slimmable::select", "Nam.slim", SLIM, "by slim value: the first size above it"),
    ("Slimmable::set_slim_size", "Nam.slim", f"{NAM}/test_slim.py::test_a_sine_stays_smooth",
     "the new size settles first: no transient at the change"),
    ("WaveNet::new", "Model.player", BITS),
    ("WaveNet::process_buffer", f"{PLAYER}.process", BITS),
    ("WaveNet::process_sample", f"{PLAYER}.process_sample", BITS),
    ("WaveNet::receptive_field", "Model.receptive_field",
     f"{NAM}/cpu/test_wavenet.py::test_the_receptive_field_is_exact"),
    ("WaveNet::reset", f"{PLAYER}.reset", BITS),
    ("Lstm::new", "Model.player", TINY),
    ("Lstm::process_buffer", f"{PLAYER}.process", BITS),
    ("Lstm::process_sample", f"{PLAYER}.process_sample", BITS),
    ("Lstm::reset", f"{PLAYER}.reset", BITS),
    ("ModelConfig::WaveNet", WAVENET, COVERED),
    ("ModelConfig::Lstm", LSTM, COVERED),
    ("ModelConfig::Slimmable", "Model.submodels", SIZES),
    ("LstmConfig::input_size", f"{LSTM}.inputs",
     f"{NAM}/cpu/test_general.py::test_lstms_of_channels"),
    ("LstmConfig::hidden_size", f"{LSTM}.hidden_size", f"{NAM}/cpu/test_lstm.py::test_any_size"),
    ("LstmConfig::num_layers", f"{LSTM}.layers", f"{NAM}/cpu/test_lstm.py::test_any_size"),
    ("SlimmableConfig::submodels", "Model.submodels", SIZES),
    ("SlimmableSubmodel::max_value", f"{MODEL}.model.Submodel.max_value", SIZES),
    ("SlimmableSubmodel::model", f"{MODEL}.model.Submodel.model", SIZES),
    ("WaveNetConfig::layers", f"{WAVENET}.arrays", GOLDEN),
    ("WaveNetConfig::post_stack_head", f"{WAVENET}.head", GOLDEN),
    ("WaveNetConfig::head_scale", f"{WAVENET}.head_scale", GOLDEN),
    ("WaveNetConfig::in_channels", f"{WAVENET}.inputs", GOLDEN,
     "any number is played; theirs is 1"),
    ("WaveNetConfig::condition_dsp", f"{WAVENET}.condition", GOLDEN),
    ("PostStackHeadConfig::channels", f"{CONV}.inputs", GOLDEN),
    ("PostStackHeadConfig::out_channels", f"{WAVENET}.outputs", SEVERAL, "any number is played"),
    ("PostStackHeadConfig::kernel_sizes", f"{CONV}.taps", GOLDEN),
    ("PostStackHeadConfig::activation", f"{WAVENET}.head_activation", GOLDEN),
    ("LayerArrayConfig::input_size", f"{CONV}.inputs", GOLDEN),
    ("LayerArrayConfig::condition_size", f"{LAYER}.mixin", GOLDEN),
    ("LayerArrayConfig::channels", f"{ARRAY}.channels", GOLDEN),
    ("LayerArrayConfig::bottleneck", f"{LAYER}.width", GOLDEN),
    ("LayerArrayConfig::dilations", f"{CONV}.dilation", GOLDEN),
    ("LayerArrayConfig::kernel_sizes", f"{CONV}.taps", GOLDEN),
    ("LayerArrayConfig::activations", f"{LAYER}.activation", GOLDEN),
    ("LayerArrayConfig::gating_modes", f"{LAYER}.gating", GOLDEN, "modes may be mixed in an array"),
    ("LayerArrayConfig::secondary_activations", f"{LAYER}.second", GOLDEN),
    ("LayerArrayConfig::groups_input", f"{CONV}.groups", GOLDEN),
    ("LayerArrayConfig::groups_input_mixin", f"{LAYER}.mixin", GOLDEN),
    ("LayerArrayConfig::head_size", f"{ARRAY}.head", GOLDEN),
    ("LayerArrayConfig::head_kernel_size", f"{ARRAY}.head", GOLDEN),
    ("LayerArrayConfig::head_bias", f"{CONV}.bias", GOLDEN),
    ("LayerArrayConfig::layer1x1", f"{LAYER}.out", GOLDEN),
    ("LayerArrayConfig::head1x1", f"{LAYER}.head", GOLDEN),
    ("LayerArrayConfig::*_film (eight)", f"{LAYER}.films", GOLDEN),
    ("LayerArrayConfig::gating_mode", f"{LAYER}.gating", GOLDEN, "of each layer"),
    ("GatingMode::None, Gated, Blended", f"{LAYER}.gating", GOLDEN, "words: none, gated, blended"),
    ("Layer1x1Config::active", f"{LAYER}.out", GOLDEN, "None where it is not"),
    ("Layer1x1Config::groups", f"{CONV}.groups", GOLDEN),
    ("Head1x1Config::active", f"{LAYER}.head", GOLDEN, "None where it is not"),
    ("Head1x1Config::out_channels", f"{CONV}.outputs", GOLDEN),
    ("Head1x1Config::groups", f"{CONV}.groups", GOLDEN),
    ("FilmConfig::active", f"{LAYER}.films", GOLDEN, "not in the mapping where it is not"),
    ("FilmConfig::shift", f"{PARTS}.Film.shift", GOLDEN),
    ("FilmConfig::groups", f"{CONV}.groups", GOLDEN),
    ("FilmConfig::INACTIVE", f"{LAYER}.films", GOLDEN, "a FiLM that is not in the mapping"),
    ("ActivationSpec::Named.name", f"{MODEL}.networks.Activation.name", GOLDEN),
    ("ActivationSpec::Named.negative_slope", f"{MODEL}.networks.Activation.parameters", GOLDEN),
    ("ActivationSpec::Unsupported", "ActivationError", FIELDS, "refused when the file is read"),
)  # fmt: skip

PROMISES: tuple[Row, ...] = (
    ("output within 1e-5 of the reference", "Nam", f"{NAM}/test_parity.py::test_parity"),
    ("parity is checked with fixtures", "Nam", GOLDEN),
    ("no allocation while it plays", f"{PLAYER}.handle",
     f"{NAM}/test_heap.py::test_nothing_is_allocated"),
    ("no locks, no system calls", "Engine.process",
     "realtime/test_system_calls.py::test_a_rack_plays_without_a_system_call"),
    ("everything is allocated when it is made", f"{PLAYER}.process",
     "runtime/engine/test_array_call.py::test_nothing_is_allocated_with_out"),
    ("it may move to another thread (Send, Sync)", "Engine.process",
     "runtime/engine/test_engine_edges.py::test_play_in_blocks_survives_swaps_from_another_thread"),
    ("samples and blocks are the same, and share a state", f"{PLAYER}.process_sample", BITS),
    ("state carries over from block to block", f"{PLAYER}.process", BITS),
    ("in place", f"{PLAYER}.process", "runtime/engine/test_array_call.py::test_in_place"),
    ("one front for every architecture", "Model.player", BITS),
    ("a model in memory, without a file", "load_nam", EXAMPLE),
    ("an LSTM starts from the state in its file", "Nam.prewarm",
     f"{NAM}/test_prewarm.py::test_the_first_output_is_that_of_the_state_in_the_file",
     "with prewarm=False; else half a second of silence follows, as in NAM Core"),
    ("the caller settles a WaveNet with silence", "Nam.prewarm",
     f"{NAM}/cpu/test_wavenet.py::test_prewarming_equals_a_run_over_silence",
     "done here, as NAM Core does; prewarm=False leaves it to the caller"),
    ("reset goes back to the start, of every size", f"{PLAYER}.reset", RESETS),
    ("it does not resample", "Nam.resample",
     f"{NAM}/test_node.py::test_another_rate_is_refused_with_both_numbers",
     "another rate is refused, or resampled if asked: never silently wrong"),
    ("forward pass alone, no DC blocker", "DcBlock",
     f"{NAM}/test_levels.py::test_raw_is_the_networks_bits_whatever_the_file_says",
     "levels='raw' is the default; DcBlock is a node"),
    ("no loudness normalization", "Nam.levels",
     f"{NAM}/test_levels.py::test_gains_follow_from_the_file",
     "on request: levels='normalized' or 'calibrated'"),
    ("unknown keys are ignored", "Model.metadata",
     f"{FORMAT}/test_load.py::test_harmless_deviations_are_accepted"),
    ("one bad entry of metadata costs no other", "Model.gain", LENIENT),
    ("structurally wrong files are refused when loaded", "FieldValueError", BAD_VALUES),
    ("zero layers", "Model.player",
     f"{NAM}/cpu/test_lstm.py::test_without_layers_the_input_passes_through",
     "a wire; theirs gives the bias of the head"),
    ("rejects more than one input channel", "Nam", GOLDEN, "played"),
    ("rejects a post-stack head of several channels", "Nam", SEVERAL, "played"),
    ("rejects mixed gating in an array", "Nam", GOLDEN, "played"),
    ("rejects unknown activations", "ActivationError", FIELDS),
    ("A2: FiLM, gates, bottleneck, groups, conv heads", "Nam", COVERED),
    ("example run_model", "cli.render.run",
     "cli/test_cli_verbs.py::test_a_bare_model_renders_the_length_of_its_input"),
    ("example streaming", f"{PLAYER}.process", EXAMPLE),
    ("cargo bench", "cli.bench.run", "cli/test_cli_verbs.py::test_bench"),
    ("no C or C++ toolchain is needed", "Engine",
     "runtime/native/test_abi.py::test_a_kernel_is_a_c_function_of_the_contract"),
)  # fmt: skip

ROWS: tuple[Row, ...] = (*ITEMS, *PROMISES)
