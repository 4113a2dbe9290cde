using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Wire;

namespace ArtifactSync.Tests.Wire;

public class CheckTests
{
    private static readonly ArtifactRef ManifestRef = ArtifactName.Manifest(Some.Origin, Some.EmptyHash);

    [Fact]
    public void Verify_DamagedAndInvalid_DamageIsNamed()
    {
        ArtifactRef artifact = ArtifactName.Segment(Some.Origin, Some.EmptyHash);

        var fault = Assert.Throws<ArtifactSyncException>(
            () => ReceptionCheck.Verify(artifact, Some.Wire(ArtifactKind.Segments, "not json\n"u8.ToArray()), default));

        Assert.Equal((ErrorCode.HashMismatch, artifact), (fault.Code, fault.Target));
    }

    [Fact]
    public void Verify_Manifest_ListsReferences()
    {
        Manifest manifest = Some.Manifest();
        manifest.RawSource = new RawSource { Hash = new string('a', 64) };
        byte[] decoded = ManifestDocument.Encode(manifest);

        ArtifactRef artifact = Some.Named(ArtifactKind.Manifests, decoded);
        ArtifactInfo info = ReceptionCheck.Verify(artifact, Some.Wire(ArtifactKind.Manifests, decoded), default);

        Assert.Equal([(ArtifactKind.Segments, Some.EmptyHash), (ArtifactKind.Raw, new string('a', 64))], info.References);
        Assert.False(info.IsFuture);
    }

    [Fact]
    public void Verify_Cancelled_Stops()
    {
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();

        Assert.Throws<OperationCanceledException>(
            () => ReceptionCheck.Verify(ArtifactName.Raw(Some.Origin, Some.EmptyHash), new MemoryStream(), cancelled.Token));
    }

    [Fact]
    public void Segment_OrdinalRepeatedWithin_BlamesTheSegment()
    {
        var totals = new SessionTotals(ManifestRef);

        var fault = SegmentFault(totals, out ArtifactRef artifact, Some.Message(1), Some.Message(2), Some.Message(1));

        Assert.Equal((ErrorCode.DocumentInvalid, artifact), (fault.Code, fault.Target));
    }

    [Fact]
    public void Segment_OrdinalRepeatedAcross_BlamesTheManifest()
    {
        var totals = new SessionTotals(ManifestRef);
        byte[] first = Some.Segment(Some.Message(-5), Some.Message(9));
        Assert.Equal([-5, 9], Import(first, totals).Select(m => m.Ordinal));

        var fault = SegmentFault(totals, out _, Some.Message(10), Some.Message(9));

        Assert.Equal((ErrorCode.DocumentInvalid, ManifestRef), (fault.Code, fault.Target));
    }

    [Fact]
    public void Segment_SessionAboveLimit_BlamesTheManifest()
    {
        var totals = new SessionTotals(ManifestRef, SessionLimits.Default with { SessionMessages = 2 });

        var fault = SegmentFault(totals, out _, Some.Message(1), Some.Message(2), Some.Message(3));

        Assert.Equal((ErrorCode.DocumentLimitExceeded, ManifestRef), (fault.Code, fault.Target));
    }

    [Theory]
    [InlineData("{\"content\":\"\", \"ordinal\":0,\"role\":\"\",\"v\":1}\n{\"v\":2}\n", ErrorCode.FutureVersion)]
    [InlineData("{\"content\":\"\", \"ordinal\":0,\"role\":\"\",\"v\":1}\n{\"v\":0}\n", ErrorCode.DocumentInvalid)]
    [InlineData("{\"content\":\"\", \"ordinal\":0,\"role\":\"\",\"v\":1}\n\n", ErrorCode.DocumentInvalid)]
    [InlineData("{\"content\":\"\", \"ordinal\":0,\"role\":\"\",\"v\":1}\n", ErrorCode.DocumentNotCanonical)]
    [InlineData("{\"content\":\"\",\"ordinal\":0,\"role\":\"\",\"v\":1}", ErrorCode.DocumentNotCanonical)]
    public void Segment_SeveralFaults_TheWeightiestDecides(string text, ErrorCode code)
    {
        byte[] decoded = Encoding.UTF8.GetBytes(text);

        Exception? fault = Record.Exception(
            () => Import(decoded, new SessionTotals(ManifestRef)).Count());

        Assert.Equal(code, Assert.IsType<ArtifactSyncException>(fault).Code);
    }

    [Fact]
    public void Segment_Streamed_YieldsBeforeTheEndIsRead()
    {
        byte[] decoded = Some.Segment(Enumerable.Range(0, 4_096).Select(static i => Some.Message(i, content: new string('x', 1_000))));
        using var stream = new MemoryStream(decoded);

        ArtifactRef artifact = Some.Named(ArtifactKind.Segments, decoded);
        MessageRecord first = ImportCheck.Segment(artifact, stream, new SessionTotals(ManifestRef)).First();

        Assert.Equal(0, first.Ordinal);
        Assert.InRange(stream.Position, 1, 256 * 1024);
    }

    [Theory]
    [InlineData("k", "k", ErrorCode.DocumentInvalid)]
    [InlineData("k", "l", null)]
    [InlineData("", "", null)]
    public void Manifest_DedupKeys_MustBeUnique(string first, string second, ErrorCode? code)
    {
        Manifest manifest = Some.Manifest();
        manifest.UsageEvents =
        [
            new() { Source = "s", DedupKey = first },
            new() { Source = "s", DedupKey = second },
            new() { Source = "t", DedupKey = first },
        ];
        byte[] decoded = ManifestDocument.Encode(manifest);
        ArtifactRef artifact = Some.Named(ArtifactKind.Manifests, decoded);

        Exception? fault = Record.Exception(() => ImportCheck.Manifest(artifact, decoded, $"{Some.Origin}~sess-1", out _));

        Assert.Equal(code, (fault as ArtifactSyncException)?.Code);
        ReceptionCheck.Verify(artifact, Some.Wire(ArtifactKind.Manifests, decoded), default);
    }

    [Fact]
    public void Manifest_ForAnotherSession_IsInvalid()
    {
        byte[] decoded = ManifestDocument.Encode(Some.Manifest());
        ArtifactRef artifact = Some.Named(ArtifactKind.Manifests, decoded);

        var fault = Assert.Throws<ArtifactSyncException>(() => ImportCheck.Manifest(artifact, decoded, $"{Some.Origin}~sess-2", out _));

        Assert.Equal((ErrorCode.DocumentInvalid, artifact), (fault.Code, fault.Target));
    }

    [Fact]
    public void Skip_HostileNesting_NeedsNoStack()
    {
        string opening = string.Concat(Enumerable.Repeat("[{\"a\":", 4_999));
        string closing = string.Concat(Enumerable.Repeat("}]", 4_999));
        string deep = $"{{\"v\":2,\"x\":{opening}1{closing}}}";
        string deeper = $"{{\"v\":2,\"x\":{new string('[', 2_000_000)}";

        Assert.Equal(2, EventDocument.Peek(Encoding.UTF8.GetBytes(deep)).Version);
        Assert.Equal(
            ErrorCode.DocumentInvalid, Assert.Throws<ArtifactSyncException>(() => EventDocument.Peek(Encoding.UTF8.GetBytes(deeper))).Code);
    }

    private static IEnumerable<MessageRecord> Import(byte[] decoded, SessionTotals totals) =>
        ImportCheck.Segment(Some.Named(ArtifactKind.Segments, decoded), new MemoryStream(decoded), totals);

    private static ArtifactSyncException SegmentFault(SessionTotals totals, out ArtifactRef artifact, params MessageRecord[] messages)
    {
        byte[] decoded = Some.Segment(messages);
        ArtifactRef named = artifact = Some.Named(ArtifactKind.Segments, decoded);
        ReceptionCheck.Verify(named, Some.Wire(ArtifactKind.Segments, decoded), default);
        return Assert.Throws<ArtifactSyncException>(() => ImportCheck.Segment(named, new MemoryStream(decoded), totals).Count());
    }
}
