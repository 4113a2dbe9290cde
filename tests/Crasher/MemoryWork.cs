using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Sync;

namespace ArtifactSync.Crasher;

/// <summary>An import or export of memories that is killed at its n-th step; prints the number of steps when it comes to its end.</summary>
internal static class MemoryWork
{
    public static int Run(string folder, string work, int killAt)
    {
        var steps = 0;
        var engine = new SyncEngine(new EngineOptions
        {
            ArchivePath = Path.Combine(folder, "archive"),
            Checkpoint = _ =>
            {
                if (Interlocked.Increment(ref steps) == killAt)
                {
                    Process.GetCurrentProcess().Kill();
                    Thread.Sleep(Timeout.Infinite); // the signal ends it here
                }
            },
        });
        var chunks = new MemoryChunkRequest { Path = Path.Combine(folder, ".engram") };
        var status = work switch
        {
            "import" => engine.ImportMemoryAsync(
                new MemoryImportRequest { Paths = [Path.Combine(folder, "in.json")] }, NullObserver.Instance, default).ToBlockingEnumerable().Single().Status,
            "import-chunks" => engine.ImportMemoryChunks(chunks, NullObserver.Instance, default).Status,
            _ => engine.ExportMemoryChunk(chunks, NullObserver.Instance, default).Status,
        };
        Console.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        return status == "Failed" ? 1 : 0;
    }
}
