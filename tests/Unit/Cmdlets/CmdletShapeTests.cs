using System.Management.Automation;
using System.Text.RegularExpressions;
using ArtifactSync.Cmdlets;
using ArtifactSync.Help;

namespace ArtifactSync.Tests.Cmdlets;

/// <summary>The public face of the module, word for word: a change here is a change for every script that uses it.</summary>
public partial class CmdletShapeTests
{
    private static readonly IReadOnlyList<CmdletShape> All = CmdletShape.ReadAll(typeof(GetSyncRunCommand).Assembly);

    private const string OnlySet = "__AllParameterSets";
    private const string EditSyntax = "[-PassThru] [-LockTimeout TimeSpan] [-ArchivePath String] [-Confirm] [-WhatIf]";
    private const string WriteSyntax = "[-LockTimeout TimeSpan] [-ArchivePath String] [-Confirm] [-WhatIf]";

    [Theory]
    [InlineData("Add-SessionPin", OnlySet, "[-Id] String[] [-Ordinal] Int64[] [-Note String] " + EditSyntax)]
    [InlineData("Find-ArchiveDocument", "__AllParameterSets",
        "[-Query] String [-Project String] [-First Int32] [-Semantic] [-EmbedUri Uri] [-EmbedModel String] [-ArchivePath String]")]
    [InlineData("Get-TrackedIssue", "__AllParameterSets",
        "[[-Project] String] [[-Iid] Int64[]] [-State String] [-Label String] [-Since DateTimeOffset] [-First Int32] [-IncludeNote] [-IncludeEvent] [-ArchivePath String]")]
    [InlineData("Get-TrackedMergeRequest", "__AllParameterSets",
        "[[-Project] String] [[-Iid] Int64[]] [-State String] [-Label String] [-Since DateTimeOffset] [-First Int32] [-IncludeNote] [-IncludeEvent] [-ArchivePath String]")]
    [InlineData("Update-ArchiveIndex", "__AllParameterSets",
        "[-NoEmbed] [-EmbedUri Uri] [-EmbedModel String] [-LockTimeout TimeSpan] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Surgical",
        "-Project String [-PreflightOnly] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-Issue Int64[]] [-MergeRequest Int64[]] [-GitLabUri Uri] "
        + "[-Token SecureString] [-NoDocs] [-NoEmbed] [-EmbedUri Uri] [-EmbedModel String] [-MaxEntities Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "SurgicalItem",
        "-Project String -EntityType String -Iid Int64 [-PreflightOnly] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-GitLabUri Uri] "
        + "[-Token SecureString] [-NoDocs] [-NoEmbed] [-EmbedUri Uri] [-EmbedModel String] [-MaxEntities Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-ArchiveSession", "Filter",
        "[-Project String] [-Origin String] [-Since DateTimeOffset] [-Name String] [-Query String] [-Starred] [-Trashed] "
        + "[-First Int32] [-IncludeMessage] [-ArchivePath String]")]
    [InlineData("Get-ArchiveSession", "Id", "[-Id] String[] [-Trashed] [-IncludeMessage] [-ArchivePath String]")]
    [InlineData("Get-MetaConflict", OnlySet,
        "[[-SessionId] String[]] [-Field String] [-Origin String] [-Since DateTimeOffset] [-Unresolved] [-ArchivePath String]")]
    [InlineData("Get-SyncPeer", "Archive", "[-ArchivePath String]")]
    [InlineData("Get-SyncPeer", "Listener", "-Listener [-ArchivePath String]")]
    [InlineData("Start-SyncPeer", "__AllParameterSets",
        "[-Uri] Uri[] [-Token SecureString] [-Certificate X509Certificate2] [-ReadOnly] [-AllowInsecure] [-Wait] [-ArchivePath String] "
        + "[-Confirm] [-WhatIf]")]
    [InlineData("Stop-SyncPeer", "InputObject", "[-InputObject] SyncPeerListener[] [-PassThru] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Stop-SyncPeer", "Id", "-ListenerId Int32[] [-PassThru] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-SyncRun", "Filter",
        "[-Last Int32] [-Status RunStatus[]] [-Kind RunKind[]] [-Since DateTimeOffset] [-Until DateTimeOffset] [-Retryable] "
        + "[-IncludeEntity] [-ArchivePath String]")]
    [InlineData("Get-SyncRun", "Id", "[-RunId] String[] [-IncludeEntity] [-ArchivePath String]")]
    [InlineData("Import-ArchiveSession", "Path", "[[-Path] String[]] [-Full] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveSession", "LiteralPath", "-LiteralPath String[] [-Full] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Exchange",
        "[-Target] String[] [-Path String[]] [-Initialize] [-OriginId String] [-Full] [-PreflightOnly] [-ThrottleLimit Int32] "
        + WriteSyntax)]
    [InlineData("Invoke-ArtifactSync", "Retry",
        "-RetryFailed -RunId String[] [-ThrottleLimit Int32] " + WriteSyntax)]
    [InlineData("Remove-ArchiveSession", OnlySet, "[-Id] String[] [-Everywhere] " + EditSyntax)]
    [InlineData("Remove-SessionPin", OnlySet, "[-Id] String[] [-Ordinal] Int64[] " + EditSyntax)]
    [InlineData("Resolve-MetaConflict", OnlySet, "[-ConflictId] Int64[] -Accept ConflictChoice [-Note String] " + WriteSyntax)]
    [InlineData("Set-ArchiveSession", OnlySet, "[-Id] String[] [-DisplayName String] [-Starred Boolean] [-Trashed Boolean] " + EditSyntax)]
    [InlineData("Update-ArchiveIndex", OnlySet, "-Rebuild " + WriteSyntax)]
        "[-Target] String[] [-Credential PSCredential] [-S3Endpoint String] [-Token SecureString] [-AllowInsecure] [-Path String[]] "
        "[-Target] String[] [-Credential PSCredential] [-S3Endpoint String] [-Token SecureString] [-AllowInsecure] [-MemoryProject String[]] [-MemoryOrder MemoryOrder] [-Path String[]] "
        + "[-Initialize] [-OriginId String] [-Full] [-PreflightOnly] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Retry",
        "-RetryFailed -RunId String[] [-Credential PSCredential] [-S3Endpoint String] [-Token SecureString] [-AllowInsecure] "
        + "[-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
        "-RetryFailed -RunId String[] [-IncludePermanent] [-Token SecureString] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
        "[-Target] String[] [-Credential PSCredential] [-S3Endpoint String] [-Path String[]] [-Initialize] [-OriginId String] [-Full] "
        + "[-PreflightOnly] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-GracePeriod TimeSpan] [-NoCollect] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Invoke-ArtifactSync", "Retry",
        "-RetryFailed -RunId String[] [-Credential PSCredential] [-S3Endpoint String] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] "
        + "[-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Remove-StaleArtifact", "",
        "[[-Target] String[]] [-GracePeriod TimeSpan] [-QuarantineGracePeriod TimeSpan] [-Origin String[]] [-MaxObjects Int64] [-MaxBytes Int64] "
        + "[-Full] [-Credential PSCredential] [-S3Endpoint String] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Test-ArtifactStore", "",
        "[[-Target] String[]] [-Quick] [-Credential PSCredential] [-S3Endpoint String] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String]")]
    [InlineData("Repair-ArtifactStore", "",
        "[[-Target] String[]] [-InputObject ArtifactFinding[]] [-Credential PSCredential] [-S3Endpoint String] [-LockTimeout TimeSpan] "
        + "[-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Reset-ArtifactStore", "", "[-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-QuarantinedArtifact", "Filter",
        "[-Origin String] [-Kind ArtifactKind] [-Since DateTimeOffset] [-Until DateTimeOffset] [-ArchivePath String]")]
    [InlineData("Get-QuarantinedArtifact", "Id", "[-ArtifactId] Int64[] [-ArchivePath String]")]
    [InlineData("Restore-QuarantinedArtifact", "", "[-ArtifactId] Int64[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Remove-QuarantinedArtifact", "", "[-ArtifactId] Int64[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
        "-RetryFailed -RunId String[] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-IncludePermanent] [-Token SecureString] [-ArchivePath String] [-Confirm] [-WhatIf]")]
        "-RetryFailed -RunId String[] [-LockTimeout TimeSpan] [-ThrottleLimit Int32] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Get-ArchiveMemory", "Filter",
        "[-Query String] [-Project String] [-Type String] [-Since DateTimeOffset] [-IncludeDeleted] [-First Int32] [-ArchivePath String]")]
    [InlineData("Get-ArchiveMemory", "SyncId", "[-SyncId] String[] [-IncludeDeleted] [-ArchivePath String]")]
    [InlineData("Import-ArchiveMemory", "Path", "[-Path] String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "LiteralPath", "-LiteralPath String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "InputObject", "-InputObject PSObject [-ArchivePath String] [-Confirm] [-WhatIf]")]
    public void Syntax_OfASet_IsTheAgreedOne(string name, string set, string syntax) =>
        Assert.Equal(syntax, Syntax(Cmdlet(name), set));
    [InlineData("Get-SyncState", "", "[[-Project] String[]] [-ArchivePath String]")]
    [InlineData("Test-MemorySync", "",
        "[-Target] String [-Project String[]] [-Repair] [-Token SecureString] [-AllowInsecure] [-LockTimeout TimeSpan] [-ArchivePath String] "
        + "[-Confirm] [-WhatIf]")]
    [InlineData("Get-ArchiveMemory", "Filter",
        "[-Query String] [-Project String] [-Type String] [-Since DateTimeOffset] [-IncludeDeleted] [-First Int32] [-ArchivePath String]")]
    [InlineData("Get-ArchiveMemory", "SyncId", "[-SyncId] String[] [-IncludeDeleted] [-ArchivePath String]")]
    [InlineData("Import-ArchiveMemory", "Path", "[-Path] String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "LiteralPath", "-LiteralPath String[] [-ArchivePath String] [-Confirm] [-WhatIf]")]
    [InlineData("Import-ArchiveMemory", "InputObject", "-InputObject PSObject [-ArchivePath String] [-Confirm] [-WhatIf]")]
    public void Syntax_OfASet_IsTheAgreedOne(string name, string set, string syntax)
    {
        // In any order: that of members of a partial class is the one in which the compiler was given its files.
        var actual = Syntax(Cmdlet(name), set);
        Assert.All(actual, parameter => Assert.Contains(parameter, syntax, StringComparison.Ordinal));
        Assert.Equal(syntax.Length, string.Join(' ', actual).Length);
    }

    [Theory]
    [InlineData("Add-SessionPin", "ArtifactSync.Model.ArchiveSession", null, true)]
    [InlineData("Get-ArchiveSession", "ArtifactSync.Model.ArchiveSession", "Filter", false)]
    [InlineData("Get-MetaConflict", "ArtifactSync.Model.MetaConflict", null, false)]
    [InlineData("Get-SyncRun", "ArtifactSync.Model.SyncRun", "Filter", false)]
    [InlineData("Start-SyncPeer", "ArtifactSync.Model.SyncPeerListener", null, true)]
    [InlineData("Stop-SyncPeer", "ArtifactSync.Model.SyncPeerListener", "InputObject", true)]
    [InlineData("Get-TrackedIssue", "ArtifactSync.Model.TrackedIssue", "__AllParameterSets", false)]
    [InlineData("Get-TrackedMergeRequest", "ArtifactSync.Model.TrackedMergeRequest", "__AllParameterSets", false)]
    [InlineData("Find-ArchiveDocument", "ArtifactSync.Model.ArchiveDocument", "__AllParameterSets", false)]
    [InlineData("Update-ArchiveIndex", "ArtifactSync.Model.SyncRun", "__AllParameterSets", true)]
    [InlineData("Import-ArchiveSession", "ArtifactSync.Model.ArchiveSessionImport", "Path", true)]
    [InlineData("Invoke-ArtifactSync", "ArtifactSync.Model.SyncRun", "Exchange", true)]
    [InlineData("Remove-ArchiveSession", "ArtifactSync.Model.ArchiveSession", null, true)]
    [InlineData("Remove-SessionPin", "ArtifactSync.Model.ArchiveSession", null, true)]
    [InlineData("Resolve-MetaConflict", "ArtifactSync.Model.MetaConflict", null, true)]
    [InlineData("Set-ArchiveSession", "ArtifactSync.Model.ArchiveSession", null, true)]
    [InlineData("Update-ArchiveIndex", "ArtifactSync.Model.SyncRun", null, true)]
    [InlineData("Get-SyncState", "ArtifactSync.Model.SyncState", null, false)]
    [InlineData("Test-MemorySync", "ArtifactSync.Model.MemoryFinding", null, true)]
    [InlineData("Remove-StaleArtifact", "ArtifactSync.Model.StaleArtifact", null, true)]
    [InlineData("Test-ArtifactStore", "ArtifactSync.Model.ArtifactFinding", null, false)]
    [InlineData("Repair-ArtifactStore", "ArtifactSync.Model.ArtifactFinding", null, true)]
    [InlineData("Reset-ArtifactStore", "ArtifactSync.Model.ArtifactFinding", null, true)]
    [InlineData("Get-QuarantinedArtifact", "ArtifactSync.Model.QuarantinedArtifact", "Filter", false)]
    [InlineData("Restore-QuarantinedArtifact", "ArtifactSync.Model.QuarantinedArtifact", null, true)]
    [InlineData("Remove-QuarantinedArtifact", "ArtifactSync.Model.QuarantinedArtifact", null, true)]
    [InlineData("Get-TrackedIssue", "ArtifactSync.Model.TrackedIssue", null, false)]
    [InlineData("Get-TrackedMergeRequest", "ArtifactSync.Model.TrackedMergeRequest", null, false)]
    [InlineData("Find-ArchiveDocument", "ArtifactSync.Model.ArchiveDocument", null, false)]
    [InlineData("Update-ArchiveIndex", "ArtifactSync.Model.SyncRun", null, true)]
    [InlineData("Import-ArchiveSession", "ArtifactSync.Model.ArchiveSessionImport", "Path", true)]
    [InlineData("Invoke-ArtifactSync", "ArtifactSync.Model.SyncRun", "Exchange", true)]
    [InlineData("Get-SyncState", "ArtifactSync.Model.SyncState", null, false)]
    [InlineData("Test-MemorySync", "ArtifactSync.Model.MemoryFinding", null, true)]
    [InlineData("Add-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    [InlineData("Disable-MemoryProject", "ArtifactSync.Model.MemoryProject", null, true)]
    [InlineData("Enable-MemoryProject", "ArtifactSync.Model.MemoryProject", null, true)]
    [InlineData("Export-ArchiveMemory", "ArtifactSync.Model.MemoryExport", null, true)]
    [InlineData("Export-MemoryChunk", "ArtifactSync.Model.MemoryChunk", null, true)]
    [InlineData("Get-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", "Filter", false)]
    [InlineData("Get-MemoryQuarantine", "ArtifactSync.Model.QuarantinedMemory", null, false)]
    [InlineData("Import-ArchiveMemory", "ArtifactSync.Model.MemoryImportResult", "Path", true)]
    [InlineData("Import-MemoryChunk", "ArtifactSync.Model.MemoryImportResult", null, true)]
    [InlineData("Remove-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    [InlineData("Set-ArchiveMemory", "ArtifactSync.Model.ArchiveMemory", null, true)]
    public void Cmdlet_Attributes_AreTheAgreedOnes(string name, string output, string? defaultSet, bool shouldProcess)
    {
        var cmdlet = Cmdlet(name);
        Assert.Equal([output], cmdlet.OutputTypes);
        Assert.Equal(defaultSet, cmdlet.DefaultSet);
        Assert.Equal(shouldProcess, cmdlet.ShouldProcess);
    }

    [Theory]
    [InlineData("Add-SessionPin", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Add-SessionPin", "Ordinal", "True (ByPropertyName)", "")]
    [InlineData("Get-ArchiveSession", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Get-MetaConflict", "SessionId", "True (ByValue, ByPropertyName)", "Id")]
    [InlineData("Get-SyncRun", "RunId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveSession", "Path", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveSession", "LiteralPath", "True (ByPropertyName)", "PSPath LP")]
    [InlineData("Invoke-ArtifactSync", "Target", "True (ByValue)", "")]
    [InlineData("Invoke-ArtifactSync", "RunId", "True (ByPropertyName)", "")]
    [InlineData("Stop-SyncPeer", "InputObject", "True (ByValue)", "")]
    [InlineData("Stop-SyncPeer", "ListenerId", "True (ByPropertyName)", "")]
    [InlineData("Invoke-ArtifactSync", "EntityType", "True (ByPropertyName)", "")]
    [InlineData("Invoke-ArtifactSync", "Iid", "True (ByPropertyName)", "")]
    [InlineData("Get-TrackedIssue", "Iid", "True (ByPropertyName)", "")]
    [InlineData("Find-ArchiveDocument", "Query", "True (ByValue)", "")]
    [InlineData("Invoke-ArtifactSync", "ArchivePath", "True (ByPropertyName)", "Archive")]
    [InlineData("Remove-ArchiveSession", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Remove-SessionPin", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Remove-SessionPin", "Ordinal", "True (ByPropertyName)", "")]
    [InlineData("Resolve-MetaConflict", "ConflictId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Set-ArchiveSession", "Id", "True (ByValue, ByPropertyName)", "SessionId")]
    [InlineData("Set-ArchiveSession", "ArchivePath", "True (ByPropertyName)", "Archive")]
    [InlineData("Remove-StaleArtifact", "Origin", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Repair-ArtifactStore", "InputObject", "True (ByValue)", "")]
    [InlineData("Restore-QuarantinedArtifact", "ArtifactId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Get-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Import-ArchiveMemory", "InputObject", "True (ByValue)", "")]
    [InlineData("Import-MemoryChunk", "Path", "True (ByValue, ByPropertyName)", "PSPath LP LiteralPath")]
    [InlineData("Remove-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    [InlineData("Set-ArchiveMemory", "SyncId", "True (ByValue, ByPropertyName)", "")]
    public void Parameter_FromThePipeline_BindsAsAgreed(string name, string parameter, string pipeline, string aliases)
    {
        var shape = Cmdlet(name).Parameters.Single(p => p.Name == parameter);
        Assert.Equal([pipeline], shape.Uses.Values.Select(u => u.PipelineInput));
        Assert.Equal(aliases, string.Join(' ', shape.Aliases));
    }

    [Fact]
    public void ConfirmImpact_High_IsOnlyWhatCannotBeUndoneOnOtherMachines() => Assert.Equal(
        ["Remove-ArchiveSession"],
        All.Where(c => c.Type.CustomAttributes.Any(a => a.AttributeType == typeof(CmdletAttribute)
            && a.NamedArguments.Any(n => n.MemberName == "ConfirmImpact" && (int)n.TypedValue.Value! == (int)ConfirmImpact.High))).Select(c => c.Name));
    public void GetSyncPeer_OutputTypes_AreOneASet() =>
        Assert.Equal(["ArtifactSync.Model.SyncPeer", "ArtifactSync.Model.SyncPeerListener"], Cmdlet("Get-SyncPeer").OutputTypes.Order(StringComparer.Ordinal));

    [Fact]
    public void Classes_OfAllCmdlets_FollowTheRules()
    {
        Assert.NotEmpty(All);
        Assert.All(All, c =>
        {
            Assert.Equal($"ArtifactSync.Cmdlets.{c.Verb}{c.Noun}Command", c.Type.FullName);
            Assert.True(c.Type.IsSealed);
            Assert.NotEmpty(c.OutputTypes);
            Assert.Contains(c.Parameters, p => p.Name == "ArchivePath");
            Assert.All(c.Parameters, p => Assert.DoesNotMatch("^(Paths|Targets|.*Ids|Names)$", p.Name));
        });
    }

    [Fact]
    public void Manifest_CmdletsToExport_AreAllCmdlets()
    {
        var list = ExportList().Match(Repository.Read("ArtifactSync.psd1")).Groups["names"].Value;
        var names = Quoted().Matches(list).Select(m => m.Groups["name"].Value).ToArray();
        Assert.Equal(All.Select(c => c.Name), names);
    }

    [Theory]
    [InlineData("ArtifactSync.Model.SyncRun")]
    [InlineData("ArtifactSync.Model.SyncRunEntity")]
    [InlineData("ArtifactSync.Model.SyncPeer")]
    [InlineData("ArtifactSync.Model.SyncPeerListener")]
    [InlineData("ArtifactSync.Model.ArchiveSession")]
    [InlineData("ArtifactSync.Model.ArchiveMessage")]
    [InlineData("ArtifactSync.Model.ArchiveToolCall")]
    [InlineData("ArtifactSync.Model.ArchiveSessionImport")]
    [InlineData("ArtifactSync.Model.SessionPin")]
    [InlineData("ArtifactSync.Model.MetaConflict")]
    [InlineData("ArtifactSync.Model.TrackedIssue")]
    [InlineData("ArtifactSync.Model.TrackedMergeRequest")]
    [InlineData("ArtifactSync.Model.TrackedNote")]
    [InlineData("ArtifactSync.Model.TrackedEvent")]
    [InlineData("ArtifactSync.Model.ArchiveDocument")]
    [InlineData("ArtifactSync.Model.SurgicalFailure")]
    [InlineData("ArtifactSync.Model.SyncState")]
    [InlineData("ArtifactSync.Model.MemoryFinding")]
    [InlineData("ArtifactSync.Model.StaleArtifact")]
    [InlineData("ArtifactSync.Model.ArtifactFinding")]
    [InlineData("ArtifactSync.Model.QuarantinedArtifact")]
    [InlineData("ArtifactSync.Model.SyncState")]
    [InlineData("ArtifactSync.Model.MemoryFinding")]
    [InlineData("ArtifactSync.Model.ArchiveMemory")]
    [InlineData("ArtifactSync.Model.MemoryChunk")]
    [InlineData("ArtifactSync.Model.MemoryExport")]
    [InlineData("ArtifactSync.Model.MemoryImportResult")]
    [InlineData("ArtifactSync.Model.MemoryProject")]
    [InlineData("ArtifactSync.Model.QuarantinedMemory")]
    public void FormatViews_OfAType_ShowItAliveAndDeserialized(string type)
    {
        Assert.NotNull(typeof(ArtifactSync.Model.SyncRun).Assembly.GetType(type));
        var views = System.Xml.Linq.XDocument.Parse(Repository.Read("src", "Cmdlets", "ArtifactSync.Format.ps1xml")).Descendants("View").ToList();
        Assert.All(All.SelectMany(c => c.OutputTypes), output => Assert.Contains(views, v => Names(v).Contains(output)));
        var own = Assert.Single(views, v => Names(v).Contains(type) && v.Element("TableControl") is not null);
        Assert.Equal([type, "Deserialized." + type], Names(own));
        Assert.InRange(own.Descendants("TableColumnItem").Count(), 4, 6);
        Assert.Equal(own.Descendants("TableColumnHeader").Count(), own.Descendants("TableColumnItem").Count());

        static IEnumerable<string> Names(System.Xml.Linq.XElement view) => view.Element("ViewSelectedBy")!.Elements().Select(e => e.Value);
    }

    private static CmdletShape Cmdlet(string name) => All.Single(c => c.Name == name);

    private static string Syntax(CmdletShape cmdlet, string set) => string.Join(' ', InOrder(cmdlet.In(set)).Select(p =>
    private static IReadOnlyList<string> Syntax(CmdletShape cmdlet, string set) => [.. cmdlet.In(set).OrderByDescending(p => p.Use.Mandatory).Select(p =>
    {
        var name = p.Use.Position is null ? $"-{p.Parameter.Name}" : $"[-{p.Parameter.Name}]";
        var text = p.Parameter.IsSwitch ? name : $"{name} {p.Parameter.TypeName}";
        return p.Use.Mandatory ? text : $"[{text}]";
    })];

    /// <summary>What must be given first, by position; the rest as written.</summary>
    private static IEnumerable<(ParameterShape Parameter, ParameterUse Use)> InOrder(IEnumerable<(ParameterShape Parameter, ParameterUse Use)> parameters) =>
        parameters.OrderByDescending(p => p.Use.Mandatory).ThenBy(p => p.Use.Position ?? int.MaxValue);

    [GeneratedRegex(@"CmdletsToExport\s*=\s*@\((?<names>[^)]*)\)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ExportList();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Quoted();
}
