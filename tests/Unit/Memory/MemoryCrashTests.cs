using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Memory;
using ArtifactSync.Model;
using ArtifactSync.Sync;

namespace ArtifactSync.Tests.Memory;

/// <summary>A child process is killed at every step of an import and an export; the next one completes it and nothing is there twice.</summary>
[Trait("Category", "Crash")]
[Trait("Category", "Memory")]
public sealed class MemoryCrashTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("memory-crash-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Theory]
    [InlineData("import")]
    [InlineData("import-chunks")]
    [InlineData("export-chunk")]
    public void KilledAtEveryStep_TheNextRunCompletesIt(string work)
    {
        var steps = int.Parse(Run(Fixture("count", work), work, 0).Output, CultureInfo.InvariantCulture);
        Assert.True(steps >= 2, $"only {steps} steps");
        for (var step = 1; step <= steps; step++)
        {
            var folder = Fixture($"step-{step}", work);
            Assert.NotEqual(0, Run(folder, work, step).ExitCode);
            Assert.Equal(0, Run(folder, work, 0).ExitCode);
            AssertWhole(folder, work);
        }
    }

    private static void AssertWhole(string folder, string work)
    {
        var engine = new SyncEngine(new EngineOptions { ArchivePath = Path.Combine(folder, "archive") });
        Assert.Equal(2, engine.GetMemories(new MemoryQuery()).Count());
        Assert.All(engine.GetRuns(new RunQuery { Statuses = [RunStatus.Aborted] }), static run => Assert.Equal("RunCrashed", run.ErrorCode));
        var chunks = Path.Combine(folder, ".engram");
        if (work == "export-chunk")
        {
            Assert.Single(ChunkManifest.Read(chunks).Entries);
            Assert.Single(Directory.GetFiles(Path.Combine(chunks, "chunks"), "*.gz"));
        }

        var again = work switch
        {
            "import" => engine.ImportMemoryAsync(new MemoryImportRequest { Paths = [Path.Combine(folder, "in.json")] }, NullObserver.Instance, default).ToBlockingEnumerable().Single().Status,
            "import-chunks" => engine.ImportMemoryChunksAsync(new MemoryChunkRequest { Path = chunks }, NullObserver.Instance, default).GetAwaiter().GetResult().Status,
            _ => engine.ExportMemoryChunkAsync(new MemoryChunkRequest { Path = chunks }, NullObserver.Instance, default).GetAwaiter().GetResult().Status,
        };
        Assert.Equal("Unchanged", again);
    }

    private string Fixture(string name, string work)
    {
        var folder = Path.Combine(_root, name);
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "in.json"), Doc.Of(Doc.Observation(), Doc.Observation(key: "obs-2"), Doc.Prompt()));
        if (work == "import-chunks")
        {
            ChunkTests.Write(
                Path.Combine(folder, ".engram"), ChunkTests.Lists(sessions: [Doc.Session()], observations: [Doc.Observation()]),
                ChunkTests.Lists(observations: [Doc.Observation(key: "obs-2")], prompts: [Doc.Prompt()]));
        }
        else if (work == "export-chunk")
        {
            var engine = new SyncEngine(new EngineOptions { ArchivePath = Path.Combine(folder, "archive") });
            Assert.Equal("Imported", engine.ImportMemoryAsync(
                new MemoryImportRequest { Paths = [Path.Combine(folder, "in.json")] }, NullObserver.Instance, default).ToBlockingEnumerable().Single().Status);
        }

        return folder;
    }

    private static (int ExitCode, string Output) Run(string folder, string work, int step)
    {
        var crasher = Path.Combine(AppContext.BaseDirectory, "ArtifactSync.Crasher.dll");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [crasher, "--memory", folder, work, step.ToString(CultureInfo.InvariantCulture)])
        {
            RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        })!;
        var error = process.StandardError.ReadToEndAsync();
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, process.ExitCode == 0 ? text : text + error.Result);
    }
}
