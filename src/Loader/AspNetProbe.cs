namespace ArtifactSync.Loader;

/// <summary>
/// Where the web server of peers comes from: PowerShell has none. The part of ASP.NET Core that it needs lies in the package
/// for the platforms it was built for; elsewhere the installed shared framework is taken.
/// </summary>
public static class AspNetProbe
{
    /// <summary>AppContext data: the folders that were looked into in vain.</summary>
    public const string DataName = "ArtifactSync.AspNetProbe";

    private const string Framework = "Microsoft.AspNetCore.App";
    private const string Release = "10.";

    /// <summary>Whether an assembly is part of that framework; others never come from there.</summary>
    public static bool IsPart(string name) => name.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal)
        || name.StartsWith("Microsoft.Extensions.", StringComparison.Ordinal) || name == "Microsoft.Net.Http.Headers";

    /// <summary>Folders in the order in which they are tried.</summary>
    public static IEnumerable<string> Folders(string moduleFolder)
    {
        foreach (var rid in NativeProbe.RuntimeIds())
            yield return Path.Combine(moduleFolder, "runtimes", rid, "aspnetcore");
        foreach (var root in Roots().Where(root => root.Length > 0).Distinct(StringComparer.Ordinal))
        {
            if (Newest(Path.Combine(root, "shared", Framework)) is { } found)
                yield return found;
        }
    }

    private static IEnumerable<string> Roots()
    {
        yield return Environment.GetEnvironmentVariable("DOTNET_ROOT") ?? "";
        var runtime = Path.GetDirectoryName(typeof(object).Assembly.Location) ?? ""; // <root>/shared/Microsoft.NETCore.App/<version>
        yield return runtime.Length > 0 ? Path.GetFullPath(Path.Combine(runtime, "..", "..", "..")) : "";
        if (OperatingSystem.IsWindows())
        {
            yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ProgramFiles), "dotnet");
            yield break;
        }
        foreach (var known in new[] { "/usr/share/dotnet", "/usr/lib/dotnet", "/usr/local/share/dotnet" })
            yield return known;
        yield return Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".dotnet");
    }

    private static string? Newest(string folder) => !Directory.Exists(folder) ? null : Directory.EnumerateDirectories(folder, Release + "*")
        .OrderByDescending(path => System.Version.TryParse(Path.GetFileName(path), out var version) ? version : new Version()).FirstOrDefault();
}
