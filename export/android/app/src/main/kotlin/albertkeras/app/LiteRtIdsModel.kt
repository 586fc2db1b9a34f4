package albertkeras.app

import albertkeras.AlbertException
import albertkeras.IdsModel
import albertkeras.LiteContents
import albertkeras.WeightCache
import android.content.res.AssetManager
import com.google.ai.edge.litert.Accelerator
import com.google.ai.edge.litert.CompiledModel
import com.google.ai.edge.litert.LiteRtException
import com.google.ai.edge.litert.TensorBuffer
import com.google.ai.edge.litert.TensorType
import java.io.File
import java.io.FileInputStream
import java.nio.channels.FileChannel

/**
 * The signature `serve_ids` of a .tflite among the app's assets, by LiteRT.
 *
 * One thread at a time may use it.
 *
 * @param name of the asset
 * @param cacheFolder where weights are kept as LiteRT computes with them
 * @throws AlbertException if it is damaged, or LiteRT cannot open it
 */
class LiteRtIdsModel(assets: AssetManager, name: String, cacheFolder: File) :
    IdsModel, AutoCloseable {

    private class Port(val type: TensorType, val buffer: TensorBuffer) {
        val shape: IntArray
            get() = type.layout?.dimensions.orEmpty().toIntArray()
    }

    private val content = assets.openFd(name).use { asset ->
        FileInputStream(asset.fileDescriptor).use { file ->
            file.channel.map(
                FileChannel.MapMode.READ_ONLY,
                asset.startOffset,
                asset.length
            )
        }
    }

    // LiteRT trusts a file to be whole; this looks before.
    /** What is packed with the model. */
    val contents: LiteContents = LiteContents.of(content)

    private val model = told("open $name") {
        val cache = WeightCache.of(cacheFolder, name, content)
        val options = CompiledModel.Options(Accelerator.CPU)
        options.cpuOptions =
            CompiledModel.CpuOptions(xnnPackWeightCachePath = cache?.path)
        CompiledModel.create(assets, name, options)
    }

    private val inputs: Map<String, Port> = INPUTS.ports { port ->
        Port(
            model.getInputTensorType(port, SIGNATURE),
            model.createInputBuffer(port, SIGNATURE)
        )
    }

    private val outputs: Map<String, Port> = OUTPUTS.ports { port ->
        Port(
            model.getOutputTensorType(port, SIGNATURE),
            model.createOutputBuffer(port, SIGNATURE)
        )
    }

    override fun inputShape(name: String): IntArray? = inputs[name]?.shape

    override fun outputShape(name: String): IntArray? = outputs[name]?.shape

    override fun run(
        values: Map<String, IntArray>
    ): Map<String, FloatArray> = told("run") {
        for ((name, port) in inputs) {
            val row = values[name] ?: throw AlbertException(
                "`inputs` must hold $name. Received: ${values.keys}."
            )
            port.buffer.writeInt(row)
        }
        model.run(
            inputs.mapValues { it.value.buffer },
            outputs.mapValues { it.value.buffer },
            SIGNATURE
        )
        outputs.mapValues { (_, port) ->
            if (port.type.elementType == TensorType.ElementType.INT) {
                port.buffer.readInt().map(Int::toFloat).toFloatArray()
            } else {
                port.buffer.readFloat()
            }
        }
    }

    override fun close() {
        (inputs.values + outputs.values).forEach { it.buffer.close() }
        model.close()
    }

    private companion object {
        const val SIGNATURE = "serve_ids"

        // LiteRT does not list the names of a signature, so they are tried.
        val INPUTS = listOf(
            "token_ids", "segment_ids", "padding_mask",
            "mask_positions", "answer_mask"
        )
        val OUTPUTS = listOf(
            "logits", "scores", "mlm_logits", "sop_logits",
            "start_logits", "end_logits", "cls_logits",
            "start_top_index", "start_top_log_probs",
            "end_top_index", "end_top_log_probs"
        )

        fun List<String>.ports(port: (String) -> Port): Map<String, Port> {
            val found = LinkedHashMap<String, Port>()
            for (name in this) {
                try {
                    found[name] = port(name)
                } catch (absent: LiteRtException) {
                    continue
                }
            }
            return found
        }

        fun <T> told(what: String, block: () -> T): T = try {
            block()
        } catch (error: LiteRtException) {
            throw AlbertException(
                "LiteRT must $what. Received: ${error.message?.trimEnd('.')}.",
                error
            )
        }
    }
}
