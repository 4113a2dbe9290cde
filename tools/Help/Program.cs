using System.Text;
using ArtifactSync.Help;

// ArtifactSync.Help <folder of Markdown pages> <output folder>: writes the MAML help and the about topics of the module,
// and ends with 1 where the pages do not fit the parameters.
if (args.Length != 2)
{
    Console.Error.WriteLine("usage: ArtifactSync.Help <pages> <output>");
    return 2;
}

var (source, output) = (args[0], args[1]);
var utf8 = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false);
var cmdlets = CmdletShape.ReadAll(typeof(ArtifactSync.Cmdlets.GetSyncRunCommand).Assembly);
var pages = HelpFolder.Read(source);
var faults = HelpCheck.Faults(cmdlets, pages.Cmdlets, pages.Shared).ToList();
foreach (var fault in faults)
    Console.WriteLine(fault);
if (faults.Count > 0)
    return 1;

Directory.CreateDirectory(output);
var maml = new MamlWriter(pages.Shared).Write(cmdlets.Select(c => (c, pages.Cmdlets[c.Name])));
File.WriteAllText(Path.Combine(output, "ArtifactSync.Cmdlets.dll-Help.xml"), "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + maml, utf8);
foreach (var (topic, text) in pages.About)
    File.WriteAllText(Path.Combine(output, topic + ".help.txt"), AboutTopic.ToText(text), utf8);
return 0;
