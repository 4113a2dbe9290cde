using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Sync;

namespace ArtifactSync.Crasher;

/// <summary>An import or export of memories (of project p, with a server) that is killed at its n-th step; prints the number of steps when it comes to its end.</summary>
internal static class MemoryWork
{
    public static int Run(string folder, string work, int killAt, string? server)
    {
        var steps = 0;
        var engine = new SyncEngine(new EngineOptions
        {
            ArchivePath = server is null ? Path.Combine(folder, "archive") : folder,
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
        var cloud = new CloudChunkRequest { Target = server ?? "", Project = "p" };
        var status = work switch
        {
            "import-cloud" => engine.ImportCloudChunksAsync(cloud, NullObserver.Instance, default).GetAwaiter().GetResult().Status,
            "export-cloud" => Export(engine, cloud),
            "import" => engine.ImportMemoryAsync(
                new MemoryImportRequest { Paths = [Path.Combine(folder, "in.json")] }, NullObserver.Instance, default).ToBlockingEnumerable().Single().Status,
            "import-chunks" => engine.ImportMemoryChunksAsync(chunks, NullObserver.Instance, default).GetAwaiter().GetResult().Status,
            _ => engine.ExportMemoryChunkAsync(chunks, NullObserver.Instance, default).GetAwaiter().GetResult().Status,
        };
        Console.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
        return status == "Failed" ? 1 : 0;
    }

    private static string Export(SyncEngine engine, CloudChunkRequest request)
    {
        var status = "";
        engine.ExportCloudChunksAsync(request, chunk =>
        {
            status = chunk.Status;
            return ValueTask.CompletedTask;
        }, NullObserver.Instance, default).GetAwaiter().GetResult();
        return status;
    }
}
