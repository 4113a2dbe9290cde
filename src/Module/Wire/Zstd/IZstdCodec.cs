using ArtifactSync.Errors;
using Microsoft.Win32.SafeHandles;

namespace ArtifactSync.Wire;

/// <summary>Streaming zstd within the bounds of spec 5.5.</summary>
internal interface IZstdCodec
{
    /// <summary>
    /// Compresses what is written; the frame ends when the stream is disposed. The same bytes always give the same frame.
    /// </summary>
    Stream Compress(Stream destination, bool leaveOpen);

    /// <summary>The decoded bytes of any number of frames; 0 bytes are empty content.</summary>
    /// <exception cref="ArtifactSyncException">While reading: <see cref="ErrorCode.ArtifactCorrupt"/>.</exception>
    Stream Decompress(Stream source, bool leaveOpen);
}

/// <summary>The codec of this process: libzstd of the system, or the managed one where the build has it.</summary>
internal static class ZstdCodec
{
#if MANAGED_ZSTD
    private static readonly Lazy<IZstdCodec> Instance = new(static () => new PooledZstdCodec(new ManagedZstdEngine()));
#else
    private static readonly Lazy<IZstdCodec> Instance = new(static () => new PooledZstdCodec(NativeZstd.Load(NativeZstd.Candidates)));
#endif

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.NativeLibraryMissing"/>, naming the libraries tried.</exception>
    public static IZstdCodec Default => Instance.Value;
}

/// <summary>One implementation of the zstd algorithm.</summary>
internal interface IZstdEngine
{
    ZstdContext CreateCompressor();

    ZstdContext CreateDecompressor();
}

/// <summary>The state of one stream. Not safe for concurrent use.</summary>
internal abstract class ZstdContext(ZstdHandle handle) : IDisposable
{
    protected nint Pointer => handle.Pointer;

    /// <summary>Consumes and produces what fits.</summary>
    /// <param name="source">Input.</param>
    /// <param name="target">Output.</param>
    /// <param name="end">Compressors: no input will follow; call until it is done.</param>
    /// <param name="consumed">Bytes taken from the source.</param>
    /// <param name="written">Bytes put into the target.</param>
    /// <returns>True when a frame is complete.</returns>
    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.ArtifactCorrupt"/>.</exception>
    public abstract bool Step(ReadOnlySpan<byte> source, Span<byte> target, bool end, out int consumed, out int written);

    /// <summary>Drops the current frame; parameters stay.</summary>
    public abstract void Reset();

    public void Dispose() => handle.Dispose();
}

/// <summary>Frees a context even when its stream was never disposed.</summary>
internal sealed class ZstdHandle : SafeHandleZeroOrMinusOneIsInvalid
{
    private readonly Action<nint> _free;

    public ZstdHandle(nint context, Action<nint> free)
        : base(ownsHandle: true)
    {
        _free = free;
        SetHandle(context);
        if (IsInvalid)
        {
            throw new ArtifactSyncException(
                ErrorCode.UnexpectedError, "zstd could not allocate its working memory. Free some and try again.");
        }
    }

    public nint Pointer => handle;

    protected override bool ReleaseHandle()
    {
        _free(handle);
        return true;
    }
}
