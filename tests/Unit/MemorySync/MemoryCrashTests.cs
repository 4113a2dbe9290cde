using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Archive;
using ArtifactSync.Memory;
using ArtifactSync.Model;
using ArtifactSync.Peer;
using ArtifactSync.Sync;
using ArtifactSync.Transport;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>
/// A child process is killed between every two steps of a cycle or of a chunk's way, over a real listener; the next run completes it, loses nothing, and
/// sends nothing twice that was confirmed.
/// </summary>
[Trait("Category", "Memory")]
public sealed class MemoryCrashTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("memory-crash-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Cycle_KilledAtEveryStep_TheNextRunCompletesIt()
    {
        await MakeFixtureAsync();
        var steps = 0;
        await ServeAsync("count", async (own, server) =>
        {
            var (exitCode, output) = await ChildAsync(own, server, 0);
            Assert.True(exitCode == 0, output);
            steps = int.Parse(output, CultureInfo.InvariantCulture);
        });
        Assert.True(steps > 12, $"only {steps} steps");
        for (var step = 1; step <= steps; step++)
        {
            await ServeAsync($"step-{step}", async (own, server) =>
            {
                Assert.NotEqual(0, (await ChildAsync(own, server, step)).ExitCode);
                await AssertRecoversAsync(own, server, step);
            });
        }
    }

    [Theory]
    [InlineData("export-cloud")]
    [InlineData("import-cloud")]
    public async Task Chunk_KilledAtEveryStep_TheNextRunCompletesIt(string work)
    {
        await MakeFixtureAsync();
        var steps = 0;
        await ServeAsync("count", async (own, server) =>
        {
            await SendChunkOfOtherAsync(own, server);
            var (exitCode, output) = await ChunkAsync(own, work, server, 0);
            Assert.True(exitCode == 0, output);
            steps = int.Parse(output, CultureInfo.InvariantCulture);
        });
        Assert.True(steps >= 6, $"only {steps} steps");
        for (var step = 1; step <= steps; step++)
        {
            await ServeAsync($"step-{step}", async (own, server) =>
            {
                await SendChunkOfOtherAsync(own, server);
                Assert.NotEqual(0, (await ChunkAsync(own, work, server, step)).ExitCode);
                await (work == "export-cloud" ? ExportAsync(own, server) : ImportAsync(own, server));
                await ExportAsync(own, server);
                await AssertRecoversAsync(own, server, step, rows: 9);
                // A chunk that was sent twice is in the log once.
                using var log = ArchiveDatabase.Open(new EngineOptions { ArchivePath = Path.Combine(Path.GetDirectoryName(own)!, "server") }, ArchiveMode.ReadOnly);
                Assert.Equal(3, log.Reader.Scalar<long>("SELECT count(*) FROM memory_log WHERE entity_key LIKE '%ours'"));
            });
        }
    }

    private static async Task SendChunkOfOtherAsync(string own, string server)
    {
        Fill(Other(own), "chunk");
        await ExportAsync(Other(own), server);
    }

    private static Task ExportAsync(string folder, string server) => new SyncEngine(new EngineOptions { ArchivePath = folder })
        .ExportCloudChunksAsync(new CloudChunkRequest { Target = server, Project = "p" }, _ => ValueTask.CompletedTask, NullObserver.Instance, default);

    private static async Task ImportAsync(string folder, string server) => Assert.Null((await new SyncEngine(new EngineOptions { ArchivePath = folder })
        .ImportCloudChunksAsync(new CloudChunkRequest { Target = server, Project = "p" }, NullObserver.Instance, default)).ErrorCode);

    private static string Other(string own) => Path.Combine(Path.GetDirectoryName(own)!, "other");

    private async Task AssertRecoversAsync(string own, string server, int step, int rows = 6)
    {
        var run = await RunAsync(own, server);
        Assert.True(run.Status == RunStatus.Succeeded, $"step {step}: {run.ErrorCode} {run.ErrorMessage}");
        var other = Other(own);
        Assert.Equal(RunStatus.Succeeded, (await RunAsync(other, server)).Status);
        Assert.Equal(Content(own), Content(other));
        Assert.Equal(rows, Content(own).Count);
        var idle = await RunAsync(own, server);
        Assert.Equal((0, 0), (idle.Counters.Sent, idle.Counters.Received));
        Assert.Empty(await new SyncEngine(new EngineOptions { ArchivePath = own })
            .TestMemoryAsync(new MemoryProofRequest { Target = server }, NullObserver.Instance, default));
        using var archive = ArchiveDatabase.Open(new EngineOptions { ArchivePath = own }, ArchiveMode.ReadWrite);
        Assert.Equal("ok", archive.Reader.Scalar<string>("PRAGMA integrity_check"));
        Assert.Equal(0, archive.Reader.Scalar<long>("SELECT count(*) FROM sync_runs WHERE status = 'running'"));
    }

    /// <summary>Three own changes wait, and the server has three of another machine.</summary>
    private async Task MakeFixtureAsync()
    {
        var fixture = Path.Combine(_root, "fixture");
        Fill(Path.Combine(fixture, "other"), "theirs");
        Fill(Path.Combine(fixture, "own"), "ours");
        await ListenAsync(Path.Combine(fixture, "server"), async server =>
            Assert.Equal(RunStatus.Succeeded, (await RunAsync(Path.Combine(fixture, "other"), server)).Status));
    }

    private static void Fill(string folder, string name)
    {
        using var archive = ArchiveDatabase.Open(new EngineOptions { ArchivePath = folder }, ArchiveMode.Create);
        using var lease = archive.AcquireLease("test", TimeSpan.FromSeconds(10), default);
        using var transaction = lease.Begin();
        using var change = new ChangeContext(transaction.Db, archive.Clock, archive.Options.Random);
        MemoryProjectTable.Enroll(transaction.Db, "p", change.NowMs);
        Backfill.Run(change, "p");
        change.SaveSession(new MemorySession(name, "p", "/d", change.Now, null, null));
        change.SaveObservation(new Observation { SyncId = $"obs-{name}", SessionId = name, Type = "note", Title = name, Content = name, Project = "p", Scope = "project", RevisionCount = 1, DuplicateCount = 1, CreatedAt = change.Now, UpdatedAt = change.Now });
        change.AddPrompt(new Prompt { SyncId = $"prompt-{name}", SessionId = name, Content = name, Project = "p", CreatedAt = change.Now });
        change.Complete();
        transaction.Commit();
    }

    private static SortedSet<string> Content(string folder)
    {
        using var archive = ArchiveDatabase.Open(new EngineOptions { ArchivePath = folder }, ArchiveMode.ReadWrite);
        var db = archive.Reader;
        return new SortedSet<string>(
            [.. MemorySessionTable.All(db).Select(s => $"session {s.Id}"), .. ObservationTable.All(db).Select(o => $"observation {o.SyncId} {o.Content}"), .. PromptTable.All(db).Select(p => $"prompt {p.SyncId}")],
            StringComparer.Ordinal);
    }

    private async Task ServeAsync(string name, Func<string, string, Task> work)
    {
        var copy = Path.Combine(_root, name);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(_root, "fixture"), "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Path.Combine(_root, "fixture"), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        await ListenAsync(Path.Combine(copy, "server"), server => work(Path.Combine(copy, "own"), server));
        Directory.Delete(copy, recursive: true);
    }

    private static async Task ListenAsync(string folder, Func<string, Task> work)
    {
        await using var listener = await PeerListener.StartAsync(
            new PeerListenOptions { Engine = new EngineOptions { ArchivePath = folder }, Uris = [new Uri("http://127.0.0.1:0/")] }, default);
        await work("engram+" + listener.Info.Uri.GetLeftPart(UriPartial.Authority));
    }

    private static Task<SyncRun> RunAsync(string folder, string server) => new SyncEngine(new EngineOptions { ArchivePath = folder })
        .ExchangeAsync(new ExchangeRequest { Target = server, Access = TargetAccess.None }, NullObserver.Instance, default);

    private static Task<(int ExitCode, string Output)> ChildAsync(string own, string server, int step) =>
        ChildAsync(own, server, step.ToString(CultureInfo.InvariantCulture));

    private static Task<(int ExitCode, string Output)> ChunkAsync(string own, string work, string server, int step) =>
        ChildAsync("--memory", own, work, step.ToString(CultureInfo.InvariantCulture), server);

    private static async Task<(int ExitCode, string Output)> ChildAsync(params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll"), .. args])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var text = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? text : text + await error);
    }
}
