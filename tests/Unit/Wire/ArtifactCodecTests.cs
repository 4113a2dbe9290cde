using System.Security.Cryptography;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

public class ArtifactCodecTests
{
    [Fact]
    public void Finish_EmptyContent_WritesTheFrameOfOriginalPrograms()
    {
        using MemoryStream wire = Some.Wire(ArtifactKind.Segments, []);

        Assert.Equal("28b52ffd046801000099e9d851", Convert.ToHexStringLower(wire.ToArray()));
        Assert.Equal(Some.EmptyHash, ReceptionCheck.Verify(Some.Named(ArtifactKind.Segments, []), wire, default).Identity.Sha256);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(128 * 1024 - 1)]
    [InlineData(128 * 1024)]
    [InlineData(128 * 1024 + 1)]
    [InlineData(3_000_000)]
    public void Write_InAnyPieces_GivesTheSameFrame(int size)
    {
        byte[] content = Content(size);
        byte[] whole = Some.Wire(ArtifactKind.Manifests, content).ToArray();

        using var wire = new MemoryStream();
        using var encoder = new ArtifactEncoder(ArtifactKind.Manifests, wire);
        for (int at = 0; at < size; at += 7_919)
        {
            encoder.Write(content.AsSpan(at, Math.Min(7_919, size - at)));
        }

        Assert.Equal(new ArtifactIdentity(Some.Sha256(content), size, whole.Length), encoder.Finish());
        Assert.Equal(whole, wire.ToArray());
        using DecodedStream decoded = ArtifactCodec.OpenDecoded(ArtifactKind.Manifests, new Dribble(whole));
        Assert.Equal(Some.Sha256(content), Convert.ToHexStringLower(SHA256.HashData(decoded)));
        Assert.Equal((size, whole.Length), (decoded.DecodedBytes, decoded.WireBytes));
    }

    [Fact]
    public void OpenDecoded_TruncatedAnywhere_IsCorrupt()
    {
        byte[] wire = Some.Wire(ArtifactKind.Segments, Content(2_000)).ToArray();
        for (int length = 1; length < wire.Length; length++)
        {
            Assert.Equal(ErrorCode.ArtifactCorrupt, Fault(ArtifactKind.Segments, wire[..length]));
        }
    }

    [Fact]
    public void OpenDecoded_AfterDamage_ContextsAreReusable()
    {
        byte[] good = Some.Wire(ArtifactKind.Segments, Content(300_000)).ToArray();
        for (int i = 0; i < 50; i++)
        {
            byte[] bad = [.. good];
            bad[good.Length / 2] ^= 0xFF;

            Assert.Equal(ErrorCode.ArtifactCorrupt, Fault(ArtifactKind.Segments, bad));
            Assert.Null(Fault(ArtifactKind.Segments, good));
        }
    }

    [Fact]
    public void OpenDecoded_OneByteAboveLimit_IsTooLarge()
    {
        byte[] exact = new byte[Limits.ManifestBytes];
        byte[] above = new byte[Limits.ManifestBytes + 1];

        Assert.Null(Fault(ArtifactKind.Manifests, Some.Wire(ArtifactKind.Segments, exact).ToArray()));
        Assert.Equal(ErrorCode.ArtifactTooLarge, Fault(ArtifactKind.Manifests, Some.Wire(ArtifactKind.Segments, above).ToArray()));
        Assert.Null(Fault(ArtifactKind.Meta, exact));
        Assert.Equal(ErrorCode.ArtifactTooLarge, Fault(ArtifactKind.Meta, above));
    }

    [Fact]
    public void OpenDecoded_EncodedAboveLimit_IsTooLargeWhateverItHolds()
    {
        // A skippable frame holds nothing, yet has to be stored and transferred.
        byte[] padding = new byte[Limits.ManifestBytes + Limits.EncodedSlack + 1];
        BitConverter.TryWriteBytes(padding, 0x184D2A50u);
        BitConverter.TryWriteBytes(padding.AsSpan(4), (uint)padding.Length - 8);

        Assert.Equal(ErrorCode.ArtifactTooLarge, Fault(ArtifactKind.Manifests, padding));
        Assert.Null(Fault(ArtifactKind.Segments, padding));
    }

    [Fact]
    public void Write_AboveLimit_IsRefused()
    {
        using var encoder = new ArtifactEncoder(ArtifactKind.Meta, Stream.Null);
        encoder.Write(new byte[Limits.EventBytes]);

        Assert.Equal(ErrorCode.DocumentLimitExceeded, Assert.Throws<ArtifactSyncException>(() => encoder.Write([1])).Code);
    }

    [Fact]
    public void Dispose_WithoutFinish_LeavesTheDestinationAlone()
    {
        using var wire = new MemoryStream();
        var encoder = new ArtifactEncoder(ArtifactKind.Segments, wire);
        encoder.Write(Content(100));

        encoder.Dispose();

        Assert.Equal(0, wire.Length);
        Assert.True(wire.CanWrite);
    }

    [Fact]
    public void Load_NoLibrary_NamesAllThatWereTried()
    {
        var fault = Assert.Throws<ArtifactSyncException>(() => NativeZstd.Load(["libno-such-1.so", "libno-such-2.so"]));

        Assert.Equal(ErrorCode.NativeLibraryMissing, fault.Code);
        Assert.Contains("libno-such-1.so, libno-such-2.so", fault.Message, StringComparison.Ordinal);
        Assert.Equal("libno-such-1.so", fault.Target);
    }

    private static ErrorCode? Fault(ArtifactKind kind, byte[] wire)
    {
        using DecodedStream decoded = ArtifactCodec.OpenDecoded(kind, new MemoryStream(wire));
        Exception? fault = Record.Exception(() => decoded.CopyTo(Stream.Null));
        return fault is null ? null : Assert.IsType<ArtifactSyncException>(fault).Code;
    }

    private static byte[] Content(int size)
    {
        byte[] content = new byte[size];
        new Random(size).NextBytes(content);
        for (int i = 0; i < size; i++)
        {
            content[i] &= 0x0F;
        }

        return content;
    }

    /// <summary>Hands out a few bytes at a time, as networks do.</summary>
    private sealed class Dribble(byte[] content) : ReadOnlyStream
    {
        private int _at;

        public override int Read(Span<byte> buffer)
        {
            int part = Math.Min(Math.Min(buffer.Length, 1_001), content.Length - _at);
            content.AsSpan(_at, part).CopyTo(buffer);
            _at += part;
            return part;
        }
    }
}
