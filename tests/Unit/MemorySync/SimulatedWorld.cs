using System.Globalization;
using System.Text.Json;
using ArtifactSync.Memory;
using ArtifactSync.Memory.Cloud;
using ArtifactSync.Tests.Doubles;

namespace ArtifactSync.Tests.MemorySync;

/// <summary>Does the steps of a simulated history on real archives, the real client and the real server.</summary>
internal sealed class SimulatedWorld : IDisposable
{
    private readonly LogServer _server = new();
    private readonly TempFolder _files = new();

    public SimulatedWorld(JsonElement history, MemoryOrder order)
    {
        var start = At(history.GetProperty("steps")[0]);
        Machines = [.. history.GetProperty("machines").EnumerateArray().Select(name => new MemoryMachine(name.GetString()!, _server, start)
        {
            Settings = new MemorySyncSettings { PageSize = 3, Order = order },
        })];
        foreach (var machine in Machines)
        {
            foreach (var project in history.GetProperty("enrolled").EnumerateArray())
            {
                machine.Enroll(project.GetString()!);
                machine.Write(change => Backfill.Run(change, project.GetString()!)); // enrolled from the start: nothing is owed
            }
        }
    }

    public IReadOnlyList<MemoryMachine> Machines { get; }

    public void Do(JsonElement step)
    {
        var (on, name, at) = (step.Text("on")!, step.Text("do")!, At(step));
        string[] args = [.. step.GetProperty("args").EnumerateArray().Select(arg => arg.ToString())];
        if (name == "server-keeps")
        {
            _server.KeepUpTo(long.Parse(args[0], CultureInfo.InvariantCulture));
            return;
        }

        foreach (var machine in Machines.Where(machine => on == "*" || machine.Name == on))
        {
            machine.Clock.Now = at;
        }

        if (name == "everyone")
        {
            for (var round = 0; round < 5; round++)
            {
                foreach (var machine in Machines)
                {
                    AssertWell(machine.Cycle());
                }
            }

            return;
        }

        if (name == "everyone-chunks")
        {
            for (var round = 0; round < 3; round++)
            {
                foreach (var machine in Machines)
                {
                    machine.ExportChunk(_files[args[0]]);
                }
            }

            return;
        }

        Do(Machines.Single(machine => machine.Name == on), name, args);
    }

    public void Dispose()
    {
        foreach (var machine in Machines)
        {
            machine.Dispose();
        }

        _server.Dispose();
        _files.Dispose();
    }

    private void Do(MemoryMachine machine, string name, string[] args)
    {
        switch (name)
        {
            case "create-session": machine.CreateSession(args[0], args[1], args[2]); break;
            case "end-session": machine.EndSession(args[0], args[1]); break;
            case "save": machine.Save(args[0], args[1], args[2]); break;
            case "edit": machine.Edit(args[0], args[1]); break;
            case "soft-delete": machine.SoftDelete(args[0]); break;
            case "hard-delete": machine.HardDelete(args[0]); break;
            case "add-prompt": machine.AddPrompt(args[0], args[1]); break;
            case "delete-prompt": machine.DeletePrompt(args[0]); break;
            case "delete-session": machine.DeleteSession(args[0]); break;
            case "enroll": machine.Enroll(args[0]); break;
            case "unenroll": machine.Unenroll(args[0]); break;
            case "cycle": AssertWell(machine.Cycle()); break;
            case "pull": AssertWell(machine.Pull()); break;
            case "push-answer-lost":
                _server.LosesAnswerOf.Add(machine.Name);
                Assert.NotNull(machine.Cycle().Failure);
                break;
            case "export": machine.ExportChunk(_files[args[0]]); break;
            case "import": machine.ImportChunks(_files[args[0]]); break;
            case "json-export": machine.ExportJson(_files[args[0] + ".json"]); break;
            case "json-import": machine.ImportJson(_files[args[0] + ".json"]); break;
            default: throw new InvalidOperationException($"No step '{name}'.");
        }
    }

    private static void AssertWell(CycleReport report) => Assert.True(report.Failure is null, report.Failure?.ToString());

    private static DateTimeOffset At(JsonElement step) =>
        DateTimeOffset.ParseExact(step.Text("at")!, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
