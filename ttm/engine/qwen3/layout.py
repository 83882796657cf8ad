"""Which tensors a checkpoint holds, and of which shape; derived from its configuration.

Loading is strict: a file holds these names and no others. Nothing here needs torch.
"""

from __future__ import annotations

from ttm.engine.qwen3.dimensions import (
    CodecDimensions,
    Dimensions,
    EncoderDimensions,
    PredictorDimensions,
    SpeakerDimensions,
    SpeechTokenizerDimensions,
    StackDimensions,
    TalkerDimensions,
)

Shape = tuple[int, ...]
Layout = dict[str, Shape]


def model_layout(dimensions: Dimensions) -> Layout:
    """`model.safetensors`."""
    talker = dimensions.talker_config
    layout = _talker(talker) | _predictor(talker, talker.code_predictor_config)
    if dimensions.tts_model_type == "base" and dimensions.speaker_encoder_config:
        layout |= _speaker(dimensions.speaker_encoder_config)
    return layout


def speech_tokenizer_layout(dimensions: SpeechTokenizerDimensions) -> Layout:
    """`speech_tokenizer/model.safetensors`."""
    return _codec(dimensions.decoder_config) | _encoder(dimensions.encoder_config)


def _talker(talker: TalkerDimensions) -> Layout:
    width, text = talker.hidden_size, talker.text_hidden_size
    return {
        "talker.model.text_embedding.weight": (talker.text_vocab_size, text),
        "talker.model.codec_embedding.weight": (talker.vocab_size, width),
        **_stack("talker.model.", talker),
        "talker.text_projection.linear_fc1.weight": (text, text),
        "talker.text_projection.linear_fc1.bias": (text,),
        "talker.text_projection.linear_fc2.weight": (width, text),
        "talker.text_projection.linear_fc2.bias": (width,),
        "talker.codec_head.weight": (talker.vocab_size, width),
    }


def _predictor(talker: TalkerDimensions, predictor: PredictorDimensions) -> Layout:
    at = "talker.code_predictor."
    layout = _stack(f"{at}model.", predictor)
    for i in range(predictor.num_code_groups - 1):
        layout[f"{at}model.codec_embedding.{i}.weight"] = (predictor.vocab_size, talker.hidden_size)
        layout[f"{at}lm_head.{i}.weight"] = (predictor.vocab_size, predictor.hidden_size)
    if predictor.hidden_size != talker.hidden_size:
        projection = (predictor.hidden_size, talker.hidden_size)
        layout[f"{at}small_to_mtp_projection.weight"] = projection
        layout[f"{at}small_to_mtp_projection.bias"] = projection[:1]
    return layout


def _stack(at: str, stack: StackDimensions) -> Layout:
    """Layers with normalised queries and keys, and the norm behind the last one."""
    width, mlp, head = stack.hidden_size, stack.intermediate_size, stack.head_dim
    layout: Layout = {}
    for i in range(stack.num_hidden_layers):
        layer = f"{at}layers.{i}."
        layout |= _attention(f"{layer}self_attn.", stack)
        layout |= {
            f"{layer}self_attn.q_norm.weight": (head,),
            f"{layer}self_attn.k_norm.weight": (head,),
            f"{layer}input_layernorm.weight": (width,),
            f"{layer}post_attention_layernorm.weight": (width,),
        }
        layout |= _gated_mlp(f"{layer}mlp.", width, mlp)
    layout[f"{at}norm.weight"] = (width,)
    return layout


def _attention(at: str, stack: StackDimensions | EncoderDimensions) -> Layout:
    width = stack.hidden_size
    queries = stack.num_attention_heads * stack.head_dim
    keys = stack.num_key_value_heads * stack.head_dim
    return {
        f"{at}q_proj.weight": (queries, width),
        f"{at}k_proj.weight": (keys, width),
        f"{at}v_proj.weight": (keys, width),
        f"{at}o_proj.weight": (width, queries),
    }


def _gated_mlp(at: str, width: int, mlp: int) -> Layout:
    return {
        f"{at}gate_proj.weight": (mlp, width),
        f"{at}up_proj.weight": (mlp, width),
        f"{at}down_proj.weight": (width, mlp),
    }


def _speaker(speaker: SpeakerDimensions) -> Layout:
    at, channels, kernels = "speaker_encoder.", speaker.enc_channels, speaker.enc_kernel_sizes
    layout = _conv(f"{at}blocks.0.conv", channels[0], speaker.mel_dim, kernels[0])
    for i in range(1, len(channels) - 1):
        block, wide = f"{at}blocks.{i}.", channels[i]
        layout |= _conv(f"{block}tdnn1.conv", wide, channels[i - 1], 1)
        part = wide // speaker.enc_res2net_scale
        for j in range(speaker.enc_res2net_scale - 1):
            layout |= _conv(f"{block}res2net_block.blocks.{j}.conv", part, part, kernels[i])
        layout |= _conv(f"{block}tdnn2.conv", wide, wide, 1)
        layout |= _conv(f"{block}se_block.conv1", speaker.enc_se_channels, wide, 1)
        layout |= _conv(f"{block}se_block.conv2", wide, speaker.enc_se_channels, 1)
    last = channels[-1]
    layout |= _conv(f"{at}mfa.conv", last, last, kernels[-1])
    layout |= _conv(f"{at}asp.tdnn.conv", speaker.enc_attention_channels, 3 * last, 1)
    layout |= _conv(f"{at}asp.conv", last, speaker.enc_attention_channels, 1)
    layout |= _conv(f"{at}fc", speaker.enc_dim, 2 * last, 1)
    return layout


def _codec(codec: CodecDimensions) -> Layout:
    latent, width = codec.latent_dim, codec.hidden_size
    layout: Layout = {}
    for part, levels in (("first", 1), ("rest", codec.num_quantizers - 1)):
        at, half = f"decoder.quantizer.rvq_{part}.", codec.codebook_dim // 2
        layout[f"{at}input_proj.weight"] = (half, codec.codebook_dim, 1)
        layout[f"{at}output_proj.weight"] = (codec.codebook_dim, half, 1)
        for i in range(levels):
            layout[f"{at}vq.layers.{i}._codebook.cluster_usage"] = (codec.codebook_size,)
            layout[f"{at}vq.layers.{i}._codebook.embedding_sum"] = (codec.codebook_size, half)
    layout |= _conv("decoder.pre_conv.conv", latent, codec.codebook_dim, 3)
    at = "decoder.pre_transformer."
    layout |= _linear(f"{at}input_proj", width, latent)
    for i in range(codec.num_hidden_layers):
        layer = f"{at}layers.{i}."
        layout |= _attention(f"{layer}self_attn.", codec)
        layout |= _gated_mlp(f"{layer}mlp.", width, codec.intermediate_size)
        for name in ("input_layernorm.weight", "post_attention_layernorm.weight"):
            layout[layer + name] = (width,)
        for name in ("self_attn_layer_scale.scale", "mlp_layer_scale.scale"):
            layout[layer + name] = (width,)
    layout[f"{at}norm.weight"] = (width,)
    layout |= _linear(f"{at}output_proj", latent, width)
    for i, ratio in enumerate(codec.upsampling_ratios):
        at = f"decoder.upsample.{i}."
        layout |= {f"{at}0.conv.weight": (latent, latent, ratio), f"{at}0.conv.bias": (latent,)}
        layout |= _conv(f"{at}1.dwconv.conv", latent, 1, 7)
        layout |= {f"{at}1.norm.weight": (latent,), f"{at}1.norm.bias": (latent,)}
        layout |= _linear(f"{at}1.pwconv1", 4 * latent, latent)
        layout |= _linear(f"{at}1.pwconv2", latent, 4 * latent)
        layout[f"{at}1.gamma"] = (latent,)
    layout |= _conv("decoder.decoder.0.conv", codec.decoder_dim, latent, 7)
    wide = codec.decoder_dim
    for i, rate in enumerate(codec.upsample_rates, start=1):
        at, narrow = f"decoder.decoder.{i}.block.", wide // 2
        layout |= _snake(f"{at}0.", wide)
        layout[f"{at}1.conv.weight"] = (wide, narrow, 2 * rate)
        layout[f"{at}1.conv.bias"] = (narrow,)
        for j in (2, 3, 4):
            layout |= _snake(f"{at}{j}.act1.", narrow) | _snake(f"{at}{j}.act2.", narrow)
            layout |= _conv(f"{at}{j}.conv1.conv", narrow, narrow, 7)
            layout |= _conv(f"{at}{j}.conv2.conv", narrow, narrow, 1)
        wide = narrow
    last = len(codec.upsample_rates) + 1
    layout |= _snake(f"decoder.decoder.{last}.", wide)
    layout |= _conv(f"decoder.decoder.{last + 1}.conv", 1, wide, 7)
    return layout


def _encoder(encoder: EncoderDimensions) -> Layout:
    width, wide = encoder.hidden_size, encoder.num_filters
    at, index = "encoder.encoder.layers.", 0
    layout = _conv(f"{at}0.conv", wide, 1, encoder.kernel_size)
    for ratio in reversed(encoder.upsampling_ratios):
        for _ in range(encoder.num_residual_layers):
            index += 1
            narrow = wide // encoder.compress
            kernel = encoder.residual_kernel_size
            layout |= _conv(f"{at}{index}.block.1.conv", narrow, wide, kernel)
            layout |= _conv(f"{at}{index}.block.3.conv", wide, narrow, 1)
        index += 2  # an activation without weights comes before every strided convolution
        layout |= _conv(f"{at}{index}.conv", 2 * wide, wide, 2 * ratio)
        wide *= 2
    layout |= _conv(f"{at}{index + 2}.conv", width, wide, encoder.last_kernel_size)
    for i in range(encoder.num_hidden_layers):
        layer = f"encoder.encoder_transformer.layers.{i}."
        layout |= _attention(f"{layer}self_attn.", encoder)
        for norm in ("input_layernorm", "post_attention_layernorm"):
            layout |= {f"{layer}{norm}.weight": (width,), f"{layer}{norm}.bias": (width,)}
        for name in ("self_attn_layer_scale.scale", "mlp_layer_scale.scale"):
            layout[layer + name] = (width,)
        layout[f"{layer}mlp.fc1.weight"] = (encoder.intermediate_size, width)
        layout[f"{layer}mlp.fc2.weight"] = (width, encoder.intermediate_size)
    layout["encoder.downsample.conv.weight"] = (width, width, 4)
    inner = encoder.vector_quantization_hidden_dimension
    semantic = encoder.num_semantic_quantizers
    for part, levels in (
        ("semantic", semantic),
        ("acoustic", encoder.num_quantizers - semantic),
    ):
        at = f"encoder.quantizer.{part}_residual_vector_quantizer."
        layout[f"{at}input_proj.weight"] = (inner, width, 1)
        layout[f"{at}output_proj.weight"] = (width, inner, 1)
        for i in range(levels):
            layout[f"{at}layers.{i}.codebook.initialized"] = (1,)
            layout[f"{at}layers.{i}.codebook.cluster_usage"] = (encoder.codebook_size,)
            layout[f"{at}layers.{i}.codebook.embed_sum"] = (
                encoder.codebook_size,
                encoder.codebook_dim,
            )
    return layout


def _conv(at: str, outputs: int, inputs: int, kernel: int) -> Layout:
    return {f"{at}.weight": (outputs, inputs, kernel), f"{at}.bias": (outputs,)}


def _linear(at: str, outputs: int, inputs: int) -> Layout:
    return {f"{at}.weight": (outputs, inputs), f"{at}.bias": (outputs,)}


def _snake(at: str, channels: int) -> Layout:
    return {f"{at}alpha": (channels,), f"{at}beta": (channels,)}
