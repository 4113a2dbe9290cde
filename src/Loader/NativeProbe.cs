using System.Runtime.InteropServices;

namespace ArtifactSync.Loader;

/// <summary>Where a native library of the package can lie. PowerShell itself looks only in <c>os-arch</c> beside the dll.</summary>
public static class NativeProbe
{
    /// <summary>AppContext data under this prefix and the name of a library: the paths of the package that did not exist.</summary>
    public const string DataPrefix = "ArtifactSync.NativeProbe.";

    /// <summary>Every file that is tried for <paramref name="name"/>, in order.</summary>
    public static IEnumerable<string> Paths(string folder, string name)
    {
        if (name.AsSpan().IndexOfAny('/', '\\') >= 0)
            yield break; // a path is not a name
        foreach (var rid in RuntimeIds())
        {
            var native = Path.Combine(folder, "runtimes", rid, "native");
            foreach (var extension in new[] { Extension, "" })
            {
                yield return Path.Combine(native, name + extension);
                yield return Path.Combine(native, "lib" + name + extension);
            }
        }
    }

    /// <summary>This machine's runtime identifiers, the most precise first: a distribution's own falls back to the portable ones.</summary>
    public static IReadOnlyList<string> RuntimeIds()
    {
        var own = RuntimeInformation.RuntimeIdentifier;
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        var ids = new List<string> { own };
        if (OperatingSystem.IsLinux() && IsMusl(own))
            ids.Add("linux-musl-" + architecture);
        ids.Add((OperatingSystem.IsWindows() ? "win-" : OperatingSystem.IsMacOS() ? "osx-" : "linux-") + architecture);
        return [.. ids.Distinct(StringComparer.Ordinal)];
    }

    private static string Extension => OperatingSystem.IsWindows() ? ".dll" : OperatingSystem.IsMacOS() ? ".dylib" : ".so";

    private static bool IsMusl(string rid) =>
        rid.Contains("musl", StringComparison.Ordinal) || rid.StartsWith("alpine", StringComparison.Ordinal)
        || File.Exists("/etc/alpine-release");
}
