"""The NAM processor of GPU Audio, with ours: what its headers and READMEs say, no code.

github.com/gpuaudio/nam_processor and gpuaudio/NAMLib (CC BY-NC-SA 4.0): the classes of the
processor, its specification, the client library's interface, and what the README tells.

Rows are as in ``nam_rs.py``.
"""

__all__ = ["ROWS"]

Row = tuple[str, str, str] | tuple[str, str, str, str]

EXECUTOR = "cuda/test_executor.py"
EQUAL = f"{EXECUTOR}::test_device_output_equals_the_cpus"
STAGES = f"{EXECUTOR}::test_each_stage_is_timed"
NEIGHBOURS = f"{EXECUTOR}::test_neighbours_stay_on_the_device"
TYPES = "graph/test_node_types.py"
TABLE = f"{TYPES}::test_a_shipped_type_is_described"
CHAIN = "graph/opening/test_chain.py"
GRAPH = "graph/test_graph.py"
LSTM = "cuda/test_lstm.py"
WAVENET = "cuda/test_wavenet.py"
FREED = "cuda/test_executor_unavailable.py::test_everything_allocated_is_freed"
LISTED = "cuda/test_gpus.py::test_every_device_is_listed_and_none_is_opened"
MODEL = "nodes.nam.model"
PLAYER = f"{MODEL}.player.Player"
CUDA = "nodes.nam.cuda"

ROWS: tuple[Row, ...] = (
    ("NamProcessor", "Nam.backend", EQUAL, "backend='cuda', or 'auto'"),
    ("NamProcessor::GetModule", "Nam.type_name", TABLE),
    ("NamProcessor::SetData", "Engine.set", f"{EXECUTOR}::test_gain_smoothing_equals_the_cpus"),
    ("NamProcessor::GetData", "Engine.get", f"{EXECUTOR}::test_gain_smoothing_equals_the_cpus"),
    ("NamProcessor::GetInputPortCount", "Node.inputs",
     f"{TYPES}::test_ports_options_and_required_fields_are_readable_of_the_class"),
    ("NamProcessor::GetInputPort", "Graph.ports",
     f"{GRAPH}::test_handles_and_strings_name_the_same_ports"),
    ("NamProcessor::OnBlueprintRebuild", "Engine.swap",
     f"{EXECUTOR}::test_a_swap_takes_the_state_along"),
    ("NamProcessor::PrepareForProcess", "Engine.prepare", EQUAL),
    ("NamProcessor::PrepareChunk", "Engine.process",
     f"{EXECUTOR}::test_a_long_block_is_cut_into_chunks"),
    ("NamProcessor::OnProcessingEnd", "Engine.stats", STAGES),
    ("NamProcessor::GetProcessorProfiler", "runtime.plan.stats.DeviceStats", STAGES),
    ("output port, read by several", "Handle",
     f"{GRAPH}::test_a_chain_goes_on_from_a_node_entered_by_a_selected_port"),
    ("output port: transfer to the CPU", "Space", NEIGHBOURS, "follows from what is connected"),
    ("NamInputPort::GetPortId", "Port.name", TABLE),
    ("NamInputPort::Connect", "Graph.connect", f"{GRAPH}::test_a_rack_reads_as_the_signal_flows"),
    ("NamInputPort::Disconnect", "Graph.disconnect",
     f"{CHAIN}::test_a_connection_is_removed_as_it_was_made"),
    ("NamInputPort::InputPortUpdated", "Engine.swap",
     f"{CHAIN}::test_an_engine_that_is_rewired_keeps_what_was_set_and_its_state"),
    ("NamInputPort::GetInputGrain", "Spec.max_frames",
     f"{EXECUTOR}::test_block_sizes_do_not_change_the_output",
     "blocks of any length"),
    ("NamInputPort::GetPortDescription", "Port.channels", TABLE),
    ("an input takes one source", "Graph.connect", f"{EXECUTOR}::test_signals_meet_on_the_device",
     "several are summed"),
    ("NamModule::CreateProcessor", "Engine", EQUAL),
    ("NamModule::DeleteProcessor", "Engine", FREED, "freed with the engine"),
    ("NamModuleInfoProvider::GetSupportPlatformCount", "runtime.cuda.driver.gpus.gpus", LISTED),
    ("NamModuleInfoProvider::GetSupportPlatformInfo", "runtime.cuda.driver.compiler.known_archs",
     "cuda/test_compiler.py::test_kernels_keep_to_their_budgets",
     "NVIDIA alone: compiled for the card that is there; theirs lists AMD and Apple too"),
    ("NamModuleInfoProvider::GetModuleInfo: name", "Node.display_name", TABLE),
    ("NamModuleInfoProvider::GetModuleInfo: id", "Nam.type_name",
     f"{TYPES}::test_the_table_is_a_mapping_by_type_name"),
    ("NamModuleInfoProvider::GetModuleInfo: version", "Node.version", TABLE),
    ("NamModuleInfoProvider::GetProcessorExecutionInfo", "runtime.cuda.driver.kernel.CudaKernel",
     "cuda/test_compiler.py::test_a_kernel_is_compiled_once"),
    ("NamDeviceCodeProvider", "runtime.cuda.driver.compiler.compile_cubin",
     "cuda/test_compiler.py::test_a_kernel_is_compiled_once",
     "compiled at first use, and cached"),
    ("NamModuleLibrary", "node_types", f"{TYPES}::test_the_table_is_a_mapping_by_type_name"),
    ("NetType::eWaveNet", f"{CUDA}.wavenet.cuda_wavenet",
     f"{WAVENET}::test_output_equals_the_oracles"),
    ("NetType::eLSTM", f"{CUDA}.lstm.cuda_lstm", f"{LSTM}::test_any_size"),
    ("NetType::eUnsupported", "Nam.device_refusal",
     f"{WAVENET}::test_unsupported_networks_are_refused_by_name",
     "with the reason; backend='auto' plays it on the CPU"),
    ("Specification::Magic", "runtime.cuda.records",
     "cuda/test_emulator.py::test_structures_are_those_of_the_kernels",
     "no tag: a test compares the structures of host and device"),
    ("Specification::max_buffer_samples", "Spec.max_frames",
     f"{EXECUTOR}::test_block_sizes_do_not_change_the_output"),
    ("Specification::threads_per_block", f"{CUDA}.tiling",
     "cuda/test_wavenet_streams.py::test_tilings_do_not_change_a_bit",
     "chosen by what the network and the card allow; no option"),
    ("Specification::type", "Model.architecture",
     "cuda/test_models.py::test_it_plays_as_on_the_cpu_whatever_the_cut"),
    ("Specification::head_scale", f"{MODEL}.wavenet.WaveNet.head_scale",
     f"{WAVENET}::test_output_equals_the_oracles"),
    ("Specification::dilations", f"{MODEL}.networks.Conv.dilation",
     f"{WAVENET}::test_output_equals_the_oracles"),
    ("Specification::weights", f"{CUDA}.weight_packing",
     f"{WAVENET}::test_weights_do_not_change_the_text"),
    ("Specification::nlayers", f"{MODEL}.networks.Lstm.layers", f"{LSTM}::test_any_size",
     "any depth; theirs up to 4"),
    ("Specification::hidden_size", f"{MODEL}.networks.Lstm.hidden_size", f"{LSTM}::test_any_size",
     "any size that fits; theirs nine"),
    ("Specification::nlocal_samples", f"{CUDA}.lstm.LstmLayout",
     f"{LSTM}::test_any_layout_in_any_cut"),
    ("GpuLstmSetters, GpuWavenetSetters: one copy", f"{CUDA}.weight_packing",
     "cuda/test_bank.py::test_a_device_runs_a_bank_in_one_launch"),
    ("createGpuProcessor(config)", "Nam", EQUAL),
    ("createGpuProcessor(nframes_max)", "Spec.max_frames",
     f"{EXECUTOR}::test_block_sizes_do_not_change_the_output"),
    ("createGpuProcessor(nthreads_per_block)", f"{CUDA}.tiling",
     "cuda/test_wavenet_streams.py::test_tilings_do_not_change_a_bit", "chosen; no option"),
    ("NeuralAmpModelerInterface::process", f"{PLAYER}.process", EQUAL,
     "model.player(backend='cuda')"),
    ("NeuralAmpModelerInterface::arm", "Engine", EQUAL),
    ("NeuralAmpModelerInterface::disarm", "Engine", FREED),
    ("NeuralAmpModelerInterface::enable_buffer_growth", "Engine.process",
     f"{EXECUTOR}::test_a_long_block_is_cut_into_chunks", "not needed: any length is cut"),
    ("NeuralAmpModelerInterface::get_latency", "Engine.latency",
     "cuda/test_executor_pipelined.py::test_pipelined_is_one_block_late_and_balanced"),
    ("synchronous", "Engine", EQUAL),
    ("double buffering", "Spec.pipelined",
     "cuda/test_executor_pipelined.py::test_pipelined_is_one_block_late_and_balanced"),
    ("nam_process_file", "cli.render.run",
     "cuda/test_command.py::test_a_file_is_rendered_on_the_device"),
    ("buffers of 32, 64 or 128", "Spec.max_frames",
     f"{EXECUTOR}::test_block_sizes_do_not_change_the_output"),
    ("models of the CPU play unchanged", "Nam.backend",
     "cuda/test_models.py::test_it_plays_as_on_the_cpu_whatever_the_cut"),
    ("several samples for each LSTM cell", f"{CUDA}.lstm.LstmLayout",
     f"{LSTM}::test_any_layout_in_any_cut"),
    ("weights in registers", f"{CUDA}.lstm.LstmLayout",
     "cuda/test_lstm_compiles.py::test_common_sizes_spill_nothing"),
    ("ring buffers of past samples", f"{CUDA}.wavenet_layout",
     "cuda/test_wavenet_streams.py::test_the_lookback_is_exact"),
    ("a fast approximation of tanh", "Nam.precision", f"{EXECUTOR}::test_precision_is_a_choice",
     "exact by default; a faster, less exact one is an option"),
    ("many instances at once", "NamBank",
     "cuda/test_bank.py::test_a_device_runs_a_bank_in_one_launch"),
)  # fmt: skip
