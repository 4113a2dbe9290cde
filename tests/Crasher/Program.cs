// A process that the crash tests start: one exchange that is killed at its n-th step, as kill -9 would.
// usage: Crasher --write <archive> <lease|inside|commit> (see ArchiveWrite), or
//        Crasher --memory <folder> <import|import-chunks|export-chunk> <step, 0 = never> (see MemoryWork), or
//        Crasher <archive> <target> <step, 0 = never>; prints the number of steps when it comes to its end.
using System.Diagnostics;
using System.Globalization;
using ArtifactSync.Model;
using ArtifactSync.Sync;

if (args[0] == "--write")
{
    ArtifactSync.Crasher.ArchiveWrite.Run(args[1], args[2]);
}

if (args[0] == "--memory")
{
    return ArtifactSync.Crasher.MemoryWork.Run(args[1], args[2], int.Parse(args[3], CultureInfo.InvariantCulture));
}

int killAt = int.Parse(args[2], CultureInfo.InvariantCulture);
int steps = 0;
var options = new EngineOptions
{
    ArchivePath = args[0],
    Checkpoint = _ =>
    {
        if (Interlocked.Increment(ref steps) == killAt)
        {
            Process.GetCurrentProcess().Kill();
            Thread.Sleep(Timeout.Infinite); // the signal ends it here
        }
    },
};
var run = await new SyncEngine(options).ExchangeAsync(new ExchangeRequest { Target = args[1] }, NullObserver.Instance, CancellationToken.None);
Console.WriteLine(steps.ToString(CultureInfo.InvariantCulture));
if (run.Status != RunStatus.Succeeded)
{
    Console.Error.WriteLine($"{run.Status} {run.ErrorCode}: {run.ErrorMessage}");
}
return run.Status == RunStatus.Succeeded ? 0 : 1;
