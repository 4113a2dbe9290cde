using System.Text;
using ArtifactSync.Errors;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Memory.Server;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Ends between the steps of an export, and servers that answer what they must not.</summary>
public sealed partial class CloudChunkTests
{
    [Fact]
    public void Answer_ThatIsLost_AcksNothing_AndTheSameChunkAgain_HasNoEffectThere()
    {
        Seed("o1");
        _server.LosesAnswerOf.Add("A");
        Assert.Equal(ErrorCode.TargetUnreachable, Assert.Throws<ArtifactSyncException>(() => _a.ExportCloud("p")).Code);
        Assert.Equal((2, 0), (_a.Pending, Chunks(_a).Count));
        Assert.Equal(2, _server.Entries.Count);
        Assert.Equal(("degraded", "transport_failed"), (MemoryTargetTable.Read(_a.Db, "cloud:p") is var s ? (s.Lifecycle, s.ReasonCode) : default));

        Assert.Equal("Exported", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal((0, 1), (_a.Pending, Chunks(_a).Count));
        Assert.Equal(2, _server.Entries.Count);
        Assert.Equal("healthy", MemoryTargetTable.Read(_a.Db, "cloud:p").Lifecycle);
    }

    [Theory]
    [InlineData("memory:chunk", false)]
    [InlineData("memory:chunk-pushed", false)]
    [InlineData("memory:chunk-recorded", false)]
    [InlineData("memory:chunk-recorded:committed", true)]
    public void Died_BetweenTheSteps_RecordedAndAckedAreOne_AndTheNextExportCompletesIt(string step, bool isDone)
    {
        Seed("o1");
        Sync(_a);
        _a.Edit("o1", "more");
        _a.Step = at => _ = at == step ? throw new InvalidOperationException(step) : 0;
        Assert.Throws<InvalidOperationException>(() => _a.ExportCloud("p"));
        _a.Step = null;
        Assert.Equal(isDone ? (0, 1) : (1, 0), (_a.Pending, Chunks(_a).Count));
        Assert.Equal(isDone ? "Unchanged" : "Exported", Assert.Single(_a.ExportCloud("p")).Status);
        Assert.Equal((0, 1), (_a.Pending, Chunks(_a).Count));
        Assert.Equal(4, _server.Entries.Count); // the chunk of the first try is the same as that of the second
        Assert.Empty(Proof(_a));
    }

    [Fact]
    [Trait("Case", "23")]
    public void Case23_FailureToRecord_AcksNothing()
    {
        Seed("o1");
        _a.Write(change => change.Db.Execute("CREATE TRIGGER refuse BEFORE INSERT ON memory_chunks BEGIN SELECT raise(ABORT, 'refused'); END"));
        Assert.Throws<ArtifactSyncException>(() => _a.ExportCloud("p"));
        Assert.Equal((2, 0), (_a.Pending, Chunks(_a).Count));
        _a.Write(change => change.Db.Execute("DROP TRIGGER refuse"));
        _a.ExportCloud("p");
        Assert.Equal((0, 1), (_a.Pending, Chunks(_a).Count));
    }

    [Fact]
    public void Recorded_ButNotAcked_ByAnotherProgram_IsAckedByTheNextExport()
    {
        Seed("o1");
        var id = Assert.Single(_a.ExportCloud("p")).ChunkId!;
        _a.Write(change => change.Db.Execute("UPDATE memory_mutations SET acked_at = NULL"));
        Assert.Equal(id, Assert.Single(_a.ExportCloud("p")).ChunkId);
        Assert.Equal((0, 1), (_a.Pending, Chunks(_a).Count));
        Assert.Equal(2, _server.Entries.Count);
    }

    [Fact]
    public void Id_OfTheAnswer_IsTheOneThatIsRecorded()
    {
        Seed("o1");
        _server.Alter = (_, route, answer) => route == "/sync/push" ? answer with { Body = "{\"status\":\"ok\",\"chunk_id\":\"Theirs_1\"}"u8.ToArray() } : answer;
        Assert.Equal("Theirs_1", Assert.Single(_a.ExportCloud("p")).ChunkId);
        Assert.Equal(["Theirs_1"], Chunks(_a));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("<html>login</html>")]
    [InlineData("{\"status\":\"ok\",\"chunk_id\":\"\"}")]
    [InlineData("{\"status\":\"ok\",\"chunk_id\":\"../../etc\"}")]
    [InlineData("{\"status\":\"ok\",\"chunk_id\":5}")]
    [InlineData("{\"status\":\"ok\",\"chunk_id\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}")]
    public void Push_Answered200WithoutAnId_IsAProtocolError_AndAcksNothing(string body)
    {
        Seed("o1");
        _server.Alter = (_, route, answer) => route == "/sync/push" ? answer with { Body = Encoding.UTF8.GetBytes(body) } : answer;
        Assert.Equal(ErrorCode.TargetProtocolError, Assert.Throws<ArtifactSyncException>(() => _a.ExportCloud("p")).Code);
        Assert.Equal((2, 0), (_a.Pending, Chunks(_a).Count));
    }

    [Theory]
    [InlineData(400, "upgrade_repairable_payload_invalid", ErrorCode.MemoryChunkInvalid, "transport_failed")]
    [InlineData(413, "upgrade_repairable_payload_too_large", ErrorCode.MemoryChunkInvalid, "transport_failed")]
    [InlineData(409, "upgrade_repairable_chunk_conflict", ErrorCode.MemoryChunkConflict, "transport_failed")]
    [InlineData(409, "sync-paused", ErrorCode.SyncPaused, "paused")]
    [InlineData(403, "policy_forbidden", ErrorCode.TargetForbidden, "policy_forbidden")]
    [InlineData(401, "", ErrorCode.TargetUnauthorized, "auth_required")]
    [InlineData(404, "", ErrorCode.ServerUnsupported, "server_unsupported")]
    [InlineData(302, "", ErrorCode.TargetProtocolError, "transport_failed")]
    [InlineData(500, "upgrade_blocked_internal", ErrorCode.TargetUnavailable, "transport_failed")]
    public void Push_Refused_HasItsCode_AndTheStateOfTheProjectItsReason(int status, string code, ErrorCode expected, string reason)
    {
        Seed("o1");
        _server.Alter = (_, route, answer) => route == "/sync/push" ? LogAnswer.Error(status, "x", code, "said") : answer;
        var fault = Assert.Throws<ArtifactSyncException>(() => _a.ExportCloud("p"));
        Assert.Equal(expected, fault.Code);
        Assert.Equal(reason, MemoryTargetTable.Read(_a.Db, "cloud:p").ReasonCode);
        Assert.Equal((2, 0), (_a.Pending, Chunks(_a).Count));
        _server.Alter = null;
        _a.ExportCloud("p");
        Assert.Equal("healthy", MemoryTargetTable.Read(_a.Db, "cloud:p").Lifecycle);
    }

    [Theory]
    [InlineData("not json", ErrorCode.TargetProtocolError)]
    [InlineData("[]", ErrorCode.TargetProtocolError)]
    [InlineData("{\"version\":1,\"chunks\":[{\"id\":5}]}", ErrorCode.TargetProtocolError)]
    public void Manifest_ThatIsNone_EndsTheImport(string body, ErrorCode expected)
    {
        _server.Alter = (_, route, answer) => route == "/sync/pull" ? answer with { Body = Encoding.UTF8.GetBytes(body) } : answer;
        Assert.Equal((expected, 1), (FaultOfImport(), _server.Requests.Count));
        Assert.Equal("transport_failed", MemoryTargetTable.Read(_b.Db, "cloud:p").ReasonCode);
    }

    [Theory]
    [InlineData("../manifest")]
    [InlineData("a?project=q")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("")]
    public void Manifest_WithAnIdThatIsNone_IsAnError_AndTheChunkIsNotAskedFor(string id)
    {
        _server.Alter = (_, route, answer) => route == "/sync/pull"
            ? answer with { Body = Encoding.UTF8.GetBytes($$"""{"version":1,"chunks":[{"id":"{{id}}"}]}""") } : answer;
        Assert.Equal(ErrorCode.MemoryChunkInvalid, FaultOfImport());
        Assert.All(_server.Requests, request => Assert.Equal("/sync/pull", request.Route));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{\"sessions\":")]
    [InlineData("{\"sessions\":7}")]
    [InlineData("{\"sessions\":[{\"id\":7}]}")]
    public void Chunk_ThatIsDamaged_IsAnError_AndNothingOfItIsStored(string body)
    {
        Seed("o1");
        var id = Assert.Single(_a.ExportCloud("p")).ChunkId;
        _server.Alter = (_, route, answer) => route == $"/sync/pull/{id}" ? answer with { Body = Encoding.UTF8.GetBytes(body) } : answer;
        Assert.Equal(ErrorCode.MemoryChunkInvalid, FaultOfImport());
        Assert.Empty(_b.Content());
        Assert.Empty(Chunks(_b));
    }

    [Theory]
    [InlineData("/sync/pull")]
    [InlineData("/sync/pull/")]
    public void Answer_ThatIsTooLarge_IsNotTaken(string prefix)
    {
        Seed("o1");
        _a.ExportCloud("p");
        _server.Alter = (_, route, answer) => route.StartsWith(prefix, StringComparison.Ordinal) && (prefix.EndsWith('/') || route == prefix)
            ? answer with { Body = new byte[MutationClient.MaxAnswer + 1] } : answer;
        Assert.Equal(ErrorCode.TargetProtocolError, FaultOfImport());
        Assert.Empty(_b.Content());
    }

    [Fact]
    public async Task Refusal_OfAChunk_IsToldWithoutTheToken()
    {
        const string token = "tOkEn-of-the-memory-server";
        _server.Alter = (_, _, answer) => LogAnswer.Error(400, "repairable", "upgrade_repairable_payload_invalid", $"no: {token}");
        using var client = _server.Client("A", token: new System.Net.NetworkCredential("", token).SecurePassword);
        var chunk = CanonicalChunk.Read("""{"sessions":[]}"""u8.ToArray(), "p");
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => client.PushChunkAsync(chunk, "ann", "", default));
        Assert.Contains("no: ***", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cycle_OfAnotherProcess_MakesTheExportWait()
    {
        Seed("o1");
        using (var transaction = _a.Archive.BeginLedger())
        {
            var now = _a.Clock.Now.ToUnixTimeMilliseconds();
            Assert.True(MemoryTargetTable.TryLease(transaction.Db, "other", now + 60_000, now));
            transaction.Commit();
        }

        Assert.Equal(ErrorCode.SyncInProgress, FaultOf(() => _a.ExportCloud("p")));
        Assert.Empty(_server.Requests);
    }

    private ErrorCode FaultOfImport() => FaultOf(() =>
    {
        var result = _b.ImportCloud("p");
        return result.ErrorCode is { } code ? throw new ArtifactSyncException(Enum.Parse<ErrorCode>(code), result.ErrorMessage!) : result;
    });

    private static ErrorCode FaultOf(Func<object> work) => Assert.Throws<ArtifactSyncException>(() => { work(); }).Code;
}
