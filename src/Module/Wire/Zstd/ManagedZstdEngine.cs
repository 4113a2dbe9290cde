#if MANAGED_ZSTD
using ZstdSharp.Unsafe;

namespace ArtifactSync.Wire;

/// <summary>The managed port, for platforms without a libzstd of their own. Same calls, same bytes, same checks.</summary>
internal sealed unsafe class ManagedZstdEngine : IZstdEngine
{
    public ZstdContext CreateCompressor()
    {
        ZSTD_CCtx_s* context = Methods.ZSTD_createCCtx();
        var handle = new ZstdHandle((nint)context, static c => Methods.ZSTD_freeCCtx((ZSTD_CCtx_s*)c));
        Check(Methods.ZSTD_CCtx_setParameter(context, ZSTD_cParameter.ZSTD_c_compressionLevel, ZstdSettings.Level));
        Check(Methods.ZSTD_CCtx_setParameter(context, ZSTD_cParameter.ZSTD_c_checksumFlag, 1));
        return new Compressor(handle);
    }

    public ZstdContext CreateDecompressor()
    {
        ZSTD_DCtx_s* context = Methods.ZSTD_createDCtx();
        var handle = new ZstdHandle((nint)context, static c => Methods.ZSTD_freeDCtx((ZSTD_DCtx_s*)c));
        Check(Methods.ZSTD_DCtx_setParameter(context, ZSTD_dParameter.ZSTD_d_windowLogMax, Limits.ZstdWindowLog));
        return new Decompressor(handle);
    }

    // A number in older versions of the port, a boolean in newer ones.
    private static nuint Check(nuint result) =>
        Convert.ToBoolean(Methods.ZSTD_isError(result)) ? throw ZstdFrameHeader.Corrupt(Methods.ZSTD_getErrorName(result)) : result;

    private sealed class Compressor(ZstdHandle handle) : ZstdContext(handle)
    {
        public override bool Step(ReadOnlySpan<byte> source, Span<byte> target, bool end, out int consumed, out int written)
        {
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var input = new ZSTD_inBuffer_s { src = from, size = (nuint)source.Length };
                var output = new ZSTD_outBuffer_s { dst = to, size = (nuint)target.Length };
                ZSTD_EndDirective directive = end ? ZSTD_EndDirective.ZSTD_e_end : ZSTD_EndDirective.ZSTD_e_continue;
                nuint remaining = Check(Methods.ZSTD_compressStream2((ZSTD_CCtx_s*)Pointer, &output, &input, directive));
                (consumed, written) = ((int)input.pos, (int)output.pos);
                return end && remaining == 0;
            }
        }

        public override void Reset() => Check(Methods.ZSTD_CCtx_reset((ZSTD_CCtx_s*)Pointer, ZSTD_ResetDirective.ZSTD_reset_session_only));
    }

    private sealed class Decompressor(ZstdHandle handle) : ZstdContext(handle)
    {
        public override bool Step(ReadOnlySpan<byte> source, Span<byte> target, bool end, out int consumed, out int written)
        {
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var input = new ZSTD_inBuffer_s { src = from, size = (nuint)source.Length };
                var output = new ZSTD_outBuffer_s { dst = to, size = (nuint)target.Length };
                nuint remaining = Check(Methods.ZSTD_decompressStream((ZSTD_DCtx_s*)Pointer, &output, &input));
                (consumed, written) = ((int)input.pos, (int)output.pos);
                return remaining == 0;
            }
        }

        public override void Reset() => Check(Methods.ZSTD_DCtx_reset((ZSTD_DCtx_s*)Pointer, ZSTD_ResetDirective.ZSTD_reset_session_only));
    }
}
#endif
