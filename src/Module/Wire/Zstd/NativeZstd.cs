using System.Runtime.InteropServices;
using ArtifactSync.Errors;

namespace ArtifactSync.Wire;

/// <summary>libzstd of the system, bound at run time so that a missing library is an error with a name, not a crash.</summary>
internal sealed unsafe class NativeZstd : IZstdEngine
{
    private const int CompressionLevel = 100;
    private const int ChecksumFlag = 201;
    private const int WindowLogMax = 100;

    private readonly delegate* unmanaged<nint> _createCCtx;
    private readonly delegate* unmanaged<nint, nuint> _freeCCtx;
    private readonly delegate* unmanaged<nint, int, int, nuint> _setCParameter;
    private readonly delegate* unmanaged<nint, Buffer*, Buffer*, int, nuint> _compressStream;
    private readonly delegate* unmanaged<nint, int, nuint> _resetCCtx;
    private readonly delegate* unmanaged<nint> _createDCtx;
    private readonly delegate* unmanaged<nint, nuint> _freeDCtx;
    private readonly delegate* unmanaged<nint, int, int, nuint> _setDParameter;
    private readonly delegate* unmanaged<nint, Buffer*, Buffer*, nuint> _decompressStream;
    private readonly delegate* unmanaged<nint, int, nuint> _resetDCtx;
    private readonly delegate* unmanaged<nuint, uint> _isError;
    private readonly delegate* unmanaged<nuint, nint> _errorName;

    private NativeZstd(nint library)
    {
        nint Export(string name) => NativeLibrary.GetExport(library, name);
        _createCCtx = (delegate* unmanaged<nint>)Export("ZSTD_createCCtx");
        _freeCCtx = (delegate* unmanaged<nint, nuint>)Export("ZSTD_freeCCtx");
        _setCParameter = (delegate* unmanaged<nint, int, int, nuint>)Export("ZSTD_CCtx_setParameter");
        _compressStream = (delegate* unmanaged<nint, Buffer*, Buffer*, int, nuint>)Export("ZSTD_compressStream2");
        _resetCCtx = (delegate* unmanaged<nint, int, nuint>)Export("ZSTD_CCtx_reset");
        _createDCtx = (delegate* unmanaged<nint>)Export("ZSTD_createDCtx");
        _freeDCtx = (delegate* unmanaged<nint, nuint>)Export("ZSTD_freeDCtx");
        _setDParameter = (delegate* unmanaged<nint, int, int, nuint>)Export("ZSTD_DCtx_setParameter");
        _decompressStream = (delegate* unmanaged<nint, Buffer*, Buffer*, nuint>)Export("ZSTD_decompressStream");
        _resetDCtx = (delegate* unmanaged<nint, int, nuint>)Export("ZSTD_DCtx_reset");
        _isError = (delegate* unmanaged<nuint, uint>)Export("ZSTD_isError");
        _errorName = (delegate* unmanaged<nuint, nint>)Export("ZSTD_getErrorName");
    }

    /// <summary>Library names by platform, most specific first; package managers of macOS install outside the search path.</summary>
    public static IReadOnlyList<string> Candidates { get; } = OperatingSystem.IsWindows()
        ? ["libzstd.dll", "zstd.dll"]
        : OperatingSystem.IsMacOS()
            ? ["libzstd.1.dylib", "libzstd.dylib", "/opt/homebrew/lib/libzstd.1.dylib", "/usr/local/lib/libzstd.1.dylib"]
            : ["libzstd.so.1", "libzstd.so", "libzstd"];

    /// <exception cref="ArtifactSyncException"><see cref="ErrorCode.NativeLibraryMissing"/>, naming every candidate.</exception>
    public static NativeZstd Load(IReadOnlyList<string> candidates)
    {
        foreach (string candidate in candidates)
        {
            if (NativeLibrary.TryLoad(candidate, typeof(NativeZstd).Assembly, null, out nint library))
            {
                return Bind(library, candidate);
            }
        }

        throw Missing($"none of {string.Join(", ", candidates)} could be loaded", candidates[0], null);
    }

    public ZstdContext CreateCompressor()
    {
        var handle = new ZstdHandle(_createCCtx(), context => _freeCCtx(context));
        Check(_setCParameter(handle.Pointer, CompressionLevel, ZstdSettings.Level));
        Check(_setCParameter(handle.Pointer, ChecksumFlag, 1));
        return new Compressor(this, handle);
    }

    public ZstdContext CreateDecompressor()
    {
        var handle = new ZstdHandle(_createDCtx(), context => _freeDCtx(context));
        Check(_setDParameter(handle.Pointer, WindowLogMax, Limits.ZstdWindowLog));
        return new Decompressor(this, handle);
    }

    private static NativeZstd Bind(nint library, string name)
    {
        try
        {
            return new NativeZstd(library);
        }
        catch (EntryPointNotFoundException fault)
        {
            throw Missing($"{name} is older than 1.4.0 ({fault.Message})", name, fault);
        }
    }

    private static ArtifactSyncException Missing(string what, string target, Exception? inner) => new(
        ErrorCode.NativeLibraryMissing,
        $"libzstd is needed to read and write artifacts: {what} on {RuntimeInformation.RuntimeIdentifier}. Install it (Debian, "
        + "Ubuntu: libzstd1; Fedora: libzstd; Homebrew: zstd) or build the module with -p:ManagedZstd=true.",
        target,
        inner);

    private nuint Check(nuint result) => _isError(result) == 0
        ? result
        : throw ZstdFrameHeader.Corrupt(Marshal.PtrToStringUTF8(_errorName(result)) ?? "unknown zstd error");

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same shape.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Buffer
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }

    private sealed class Compressor(NativeZstd zstd, ZstdHandle handle) : ZstdContext(handle)
    {
        public override bool Step(ReadOnlySpan<byte> source, Span<byte> target, bool end, out int consumed, out int written)
        {
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var input = new Buffer { Start = from, Size = (nuint)source.Length };
                var output = new Buffer { Start = to, Size = (nuint)target.Length };
                nuint remaining = zstd.Check(zstd._compressStream(Pointer, &output, &input, end ? 2 : 0));
                (consumed, written) = ((int)input.Position, (int)output.Position);
                return end && remaining == 0;
            }
        }

        public override void Reset() => zstd.Check(zstd._resetCCtx(Pointer, 1));
    }

    private sealed class Decompressor(NativeZstd zstd, ZstdHandle handle) : ZstdContext(handle)
    {
        public override bool Step(ReadOnlySpan<byte> source, Span<byte> target, bool end, out int consumed, out int written)
        {
            fixed (byte* from = source)
            fixed (byte* to = target)
            {
                var input = new Buffer { Start = from, Size = (nuint)source.Length };
                var output = new Buffer { Start = to, Size = (nuint)target.Length };
                nuint remaining = zstd.Check(zstd._decompressStream(Pointer, &output, &input));
                (consumed, written) = ((int)input.Position, (int)output.Position);
                return remaining == 0;
            }
        }

        public override void Reset() => zstd.Check(zstd._resetDCtx(Pointer, 1));
    }
}
