using ArtifactSync.Errors;
using ArtifactSync.FakeGitLab;
using ArtifactSync.Model;
using ArtifactSync.Sync;
using ArtifactSync.Tracker;
using static ArtifactSync.Tests.Tracker.SurgicalWorld;

namespace ArtifactSync.Tests.Tracker;

public sealed class SurgicalEmbedTests : SurgicalTests
{
    [Fact(DisplayName = "embed_never_takes_on_unrelated_documents")]
    public async Task Embed_WithUnrelatedBacklog_TakesOnlyItsOwn()
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        await World.RunAsync(World.Request(Issue(1)) with { NoEmbed = true });
        var run = await World.RunAsync(World.Request(Issue(2)) with { Embed = World.Embed() });
        Assert.Equal((RunStatus.Succeeded, 1L), (run.Status, run.Counters.DocumentsEmbedded));
        Assert.Equal(1, World.Count("embeddings"));
        Assert.Equal("Issue 2", World.Read(db => db.Scalar<string>("SELECT title FROM documents d JOIN embeddings e ON e.document_id = d.id")));

        var drain = await World.UpdateIndexAsync(World.Embed());
        Assert.Equal((1L, 2L), (drain.Counters.DocumentsEmbedded, World.Count("embeddings")));
        Assert.Equal(0, (await World.UpdateIndexAsync(World.Embed())).Counters.DocumentsEmbedded);
    }

    [Fact(DisplayName = "retry_after_embed_failure_embeds_though_documents_are_unchanged")]
    public async Task Retry_AfterEmbedFailure_Embeds()
    {
        World.AddBusyIssue(1);
        var before = World.Server.Intercept;
        World.Server.Fail("/api/embed", new GoldenError("x", 500, "application/json", new Dictionary<string, string>(StringComparer.Ordinal), """{"error":"model not loaded"}"""));
        var run = await World.RunAsync(World.Request(Issue(1)) with { Embed = World.Embed() });
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.EmbedFailed)), (run.Status, run.ErrorCode));
        Assert.Contains("model not loaded", run.ErrorMessage!, StringComparison.Ordinal);
        Assert.Equal((1, 0), (World.Count("documents"), World.Count("embeddings")));
        World.Server.Intercept = before;
        var retry = await World.RetryAsync(Assert.Single(World.Retryable()));
        Assert.Equal((RunStatus.Succeeded, 1L, 1L, 1L), (retry.Status, retry.Counters.Unchanged, retry.Counters.DocumentsRegenerated, retry.Counters.DocumentsEmbedded));
    }

    [Theory]
    [InlineData(true, RunStatus.Partial)]
    [InlineData(false, RunStatus.Succeeded)]
    public async Task Embed_WithoutServer_FailsOnlyWhenAskedFor(bool required, RunStatus status)
    {
        World.AddBusyIssue(1);
        World.AddBusyIssue(2);
        var run = await World.RunAsync(World.Request(Issue(1), Issue(2)) with { Embed = new EmbedTarget("http://127.0.0.1:9", "m", required) });
        Assert.Equal(status, run.Status);
        Assert.Equal(2, run.Counters.DocumentsRegenerated);
        Assert.Equal(required ? 1 : 0, World.Retryable().Count);
        Assert.Equal(2, run.Entities.Count(e => e.Stage == "embed" && e.Status == (required ? EntityStatus.Failed : EntityStatus.Skipped)));
    }

    [Fact]
    public async Task Embed_LongDocument_IsResumedAtTheChunkWhereItStopped()
    {
        var item = World.AddIssue(1);
        for (var i = 0; i < 40; i++)
        {
            item.AddNote(1000 + i, string.Join(' ', Enumerable.Range(i * 1000, 300)));
        }
        var requests = 0;
        World.Server.Intercept = context =>
        {
            if (context.Request.Path == "/api/embed" && ++requests == 3)
            {
                context.Abort();
                return Task.FromResult(true);
            }
            return Task.FromResult(false);
        };
        var run = await World.RunAsync(World.Request(Issue(1)) with { Embed = World.Embed() });
        Assert.Equal((RunStatus.Partial, 32L), (run.Status, World.Count("embeddings")));
        var drain = await World.UpdateIndexAsync(World.Embed());
        var chunks = World.Read(db => db.First("SELECT title, body FROM documents", row => Embedder.Chunks(row.Text(0), row.Text(1)).Count));
        Assert.Equal((1L, (long)chunks), (drain.Counters.DocumentsEmbedded, World.Count("embeddings", "document_hash = (SELECT content_hash FROM documents)")));
        Assert.Equal(3 + (int)Math.Ceiling((chunks - 32) / 16.0), requests);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"embeddings":[]}""")]
    [InlineData("""{"embeddings":[[]]}""")]
    [InlineData("""{"embeddings":[[1,2],[1]]}""")]
    [InlineData("""{"embeddings":[null]}""")]
    [InlineData("nonsense")]
    public async Task Embed_Nonsense_IsAFailureOfThatStage(string answer)
    {
        World.AddBusyIssue(1);
        World.Server.Intercept = async context =>
        {
            if (context.Request.Path != "/api/embed")
            {
                return false;
            }
            await FakeServer.WriteAsync(context, 200, "application/json", System.Text.Encoding.UTF8.GetBytes(answer));
            return true;
        };
        var run = await World.RunAsync(World.Request(Issue(1)) with { Embed = World.Embed() });
        Assert.Equal((RunStatus.Partial, nameof(ErrorCode.EmbedFailed)), (run.Status, run.ErrorCode));
    }

    [Fact]
    public async Task Search_ByMeaning_FusesBothRankings()
    {
        World.AddIssue(1, "Crashing importers");
        World.AddIssue(2, "A crash report template");
        World.AddIssue(3, "Colours of the sidebar");
        await World.RunAsync(World.Request(Issue(1), Issue(2), Issue(3)) with { Embed = World.Embed() });
        var words = await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "crash" }, default);
        Assert.Equal([2L], words.Select(d => d.Iid));
        Assert.Contains("«crash»", words[0].Snippet, StringComparison.OrdinalIgnoreCase);
        var both = await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "crash", Semantic = World.Embed(), First = 2 }, default);
        Assert.Equal([2L, 1L], both.Select(d => d.Iid));
        Assert.Empty(await World.Engine.FindDocumentsAsync(new DocumentQuery { Text = "crash", Semantic = World.Embed(), Project = "other/*" }, default));
        var fault = await Assert.ThrowsAsync<ArtifactSyncException>(() => World.Engine.FindDocumentsAsync(
            new DocumentQuery { Text = "crash", Semantic = new EmbedTarget("http://127.0.0.1:9", "m", true) }, default));
        Assert.Equal(ErrorCode.EmbedUnavailable, fault.Code);
    }

    [Fact]
    public void Chunks_OfAnyText_CoverItAndOverlap()
    {
        Assert.Equal(["t\n"], Embedder.Chunks("t", ""));
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(0, 4000)).Select(_ => random.Next(12) switch { 0 => " ", 1 => "\n", 2 => "😀", _ => "x" }));
            var chunks = Embedder.Chunks("t", text).Select(c => c[2..]).ToList();
            Assert.All(chunks, c => Assert.InRange(c.Length, 0, 2000));
            Assert.All(chunks, c => Assert.DoesNotContain('\uFFFD', System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(c))));
            var at = 0;
            foreach (var chunk in chunks)
            {
                var found = text.IndexOf(chunk, Math.Max(0, at - 201), StringComparison.Ordinal);
                Assert.InRange(found, 0, at);
                at = Math.Max(at, found + chunk.Length);
            }
            Assert.Equal(text.Length, at);
        }
    }
}
