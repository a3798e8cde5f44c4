<?xml version="1.0" encoding="UTF-8"?>
<!-- SPDX-License-Identifier: BSD-2-Clause -->
<!--
  The XML report (-oX) as a page: for browsers by the instruction on top of the report, or by hand with
      xsltproc sonde.xsl scan.xml > scan.html
  XSLT 1.0. One file, no script, nothing fetched; text of the network is put in as text only and so is escaped by the
  processor. Shows the elements of nmap's DTD, so that reports of either program do.
-->
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform">
<xsl:output method="html" encoding="UTF-8" indent="no" doctype-system="about:legacy-compat"/>
<xsl:strip-space elements="*"/>

<xsl:template match="/nmaprun">
	<html lang="en">
		<head>
			<title><xsl:text>Scan report of </xsl:text><xsl:value-of select="@startstr"/></title>
			<meta name="viewport" content="width=device-width, initial-scale=1"/>
			<meta name="color-scheme" content="light dark"/>
			<style><xsl:call-template name="style"/></style>
		</head>
		<body>
			<xsl:call-template name="run"/>
			<xsl:if test="count(host) &gt; 1"><xsl:call-template name="contents"/></xsl:if>
			<xsl:apply-templates select="host"/>
			<xsl:apply-templates select="postscript"/>
		</body>
	</html>
</xsl:template>

<!-- ==== the run ==== -->

<xsl:template name="run">
	<div class="run">
		<h1><xsl:text>Scan report of </xsl:text><xsl:value-of select="@startstr"/></h1>
		<p><code><xsl:value-of select="@args"/></code></p>
		<xsl:if test="runstats/finished/@exit = 'error'">
			<p class="alarm">
				<xsl:text>This scan did not end by itself: </xsl:text>
				<xsl:value-of select="runstats/finished/@errormsg"/>
			</p>
		</xsl:if>
		<xsl:if test="not(runstats)"><p class="alarm">This scan is not over, or its end is missing.</p></xsl:if>
		<xsl:apply-templates select="runstats"/>
		<xsl:apply-templates select="scaninfo"/>
		<xsl:apply-templates select="prescript"/>
	</div>
</xsl:template>

<xsl:template match="runstats">
	<p class="figures">
		<span><b><xsl:value-of select="hosts/@up"/></b> up</span>
		<span><b><xsl:value-of select="hosts/@down"/></b> down</span>
		<span><b><xsl:value-of select="hosts/@total"/></b> scanned</span>
		<span><b><xsl:value-of select="count(../host/ports/port[state/@state = 'open'])"/></b> open ports</span>
		<xsl:if test="finished/@elapsed"><span><b><xsl:value-of select="finished/@elapsed"/></b> seconds</span></xsl:if>
	</p>
	<p class="quiet"><xsl:value-of select="finished/@summary"/></p>
</xsl:template>

<xsl:template match="scaninfo">
	<p class="quiet">
		<xsl:value-of select="concat(@type, ' scan of ', @numservices, ' ', @protocol, ' ports: ')"/>
		<xsl:value-of select="substring(@services, 1, 200)"/>
		<xsl:if test="string-length(@services) &gt; 200">…</xsl:if>
	</p>
</xsl:template>

<xsl:template name="contents">
	<div class="contents">
		<table>
			<thead><tr><th>Host</th><th>State</th><th>Name</th><th>Open ports</th></tr></thead>
			<tbody>
				<xsl:for-each select="host">
					<tr>
						<td><a href="#{generate-id()}"><xsl:call-template name="address"/></a></td>
						<td><xsl:value-of select="status/@state"/></td>
						<td><xsl:value-of select="hostnames/hostname[1]/@name"/></td>
						<td>
							<xsl:for-each select="ports/port[state/@state = 'open']">
								<xsl:value-of select="concat(@portid, '/', @protocol, ' ')"/>
							</xsl:for-each>
						</td>
					</tr>
				</xsl:for-each>
			</tbody>
		</table>
	</div>
</xsl:template>

<!-- ==== a host ==== -->

<xsl:template name="address"><xsl:value-of select="address[@addrtype != 'mac'][1]/@addr"/></xsl:template>

<xsl:template match="host">
	<div class="host" id="{generate-id()}">
		<h2>
			<xsl:call-template name="address"/>
			<xsl:for-each select="hostnames/hostname">
				<small><xsl:value-of select="@name"/></small>
			</xsl:for-each>
			<span class="state {status/@state}"><xsl:value-of select="status/@state"/></span>
		</h2>
		<dl>
			<dt>Reason</dt>
			<dd>
				<xsl:value-of select="status/@reason"/>
				<xsl:call-template name="ttl"><xsl:with-param name="of" select="status/@reason_ttl"/></xsl:call-template>
			</dd>
			<xsl:apply-templates select="address[@addrtype = 'mac']"/>
			<xsl:apply-templates select="times | distance | uptime | os/osmatch"/>
		</dl>
		<xsl:if test="@timedout = 'true'"><p class="alarm">Given up at the host time-out; the table may lack ports.</p></xsl:if>
		<xsl:apply-templates select="ports"/>
		<xsl:apply-templates select="trace"/>
		<xsl:apply-templates select="hostscript"/>
	</div>
</xsl:template>

<xsl:template name="ttl">
	<xsl:param name="of"/>
	<xsl:if test="$of &gt; 0"><xsl:value-of select="concat(' ttl ', $of)"/></xsl:if>
</xsl:template>

<xsl:template match="address">
	<dt>Hardware</dt>
	<dd>
		<xsl:value-of select="@addr"/>
		<xsl:if test="@vendor"><xsl:value-of select="concat(' (', @vendor, ')')"/></xsl:if>
	</dd>
</xsl:template>

<xsl:template match="times">
	<dt>Round trip</dt>
	<dd><xsl:value-of select="concat(format-number(@srtt div 1000, '0.###'), ' ms, varies by ',
		format-number(@rttvar div 1000, '0.###'), ' ms')"/></dd>
</xsl:template>

<xsl:template match="distance"><dt>Distance</dt><dd><xsl:value-of select="concat(@value, ' hops')"/></dd></xsl:template>

<xsl:template match="uptime"><dt>Up since</dt><dd><xsl:value-of select="@lastboot"/></dd></xsl:template>

<xsl:template match="osmatch">
	<dt>System</dt>
	<dd><xsl:value-of select="concat(@name, ' (', @accuracy, ' %)')"/></dd>
</xsl:template>

<!-- ==== ports ==== -->

<xsl:template match="ports">
	<xsl:if test="port">
		<table>
			<thead>
				<tr><th>Port</th><th>State</th><th>Service</th><th>Version</th><th>Reason</th><th>Answered by</th></tr>
			</thead>
			<tbody><xsl:apply-templates select="port"/></tbody>
		</table>
	</xsl:if>
	<xsl:apply-templates select="extraports"/>
</xsl:template>

<xsl:template match="port">
	<tr>
		<td><xsl:value-of select="concat(@portid, '/', @protocol)"/></td>
		<td><span class="state {translate(state/@state, '|', '-')}"><xsl:value-of select="state/@state"/></span></td>
		<td>
			<xsl:if test="service/@tunnel"><xsl:value-of select="concat(service/@tunnel, '/')"/></xsl:if>
			<xsl:value-of select="service/@name"/>
			<xsl:if test="service/@method = 'probed' and service/@conf &lt; 10">?</xsl:if>
		</td>
		<td>
			<xsl:value-of select="normalize-space(concat(service/@product, ' ', service/@version))"/>
			<xsl:if test="service/@extrainfo"><xsl:value-of select="concat(' (', service/@extrainfo, ')')"/></xsl:if>
		</td>
		<td>
			<xsl:value-of select="state/@reason"/>
			<xsl:call-template name="ttl"><xsl:with-param name="of" select="state/@reason_ttl"/></xsl:call-template>
		</td>
		<td><xsl:value-of select="state/@reason_ip"/></td>
	</tr>
	<xsl:for-each select="script"><tr><td/><td colspan="5"><xsl:apply-templates select="."/></td></tr></xsl:for-each>
</xsl:template>

<xsl:template match="extraports">
	<p class="quiet">
		<xsl:value-of select="concat('Not shown: ', @count, ' ', @state)"/>
		<xsl:for-each select="extrareasons">
			<xsl:choose><xsl:when test="position() = 1"> (</xsl:when><xsl:otherwise>, </xsl:otherwise></xsl:choose>
			<xsl:value-of select="concat(@count, ' ', @reason)"/>
			<xsl:if test="position() = last()">)</xsl:if>
		</xsl:for-each>
	</p>
</xsl:template>

<xsl:template match="script">
	<xsl:value-of select="@id"/>
	<pre><xsl:value-of select="@output"/></pre>
</xsl:template>

<!-- ==== the way ==== -->

<xsl:template match="trace">
	<h3>
		<xsl:text>Way</xsl:text>
		<xsl:if test="@proto"><xsl:value-of select="concat(' by ', @proto)"/></xsl:if>
		<xsl:if test="@port"><xsl:value-of select="concat(' to port ', @port)"/></xsl:if>
	</h3>
	<table>
		<thead><tr><th>Hop</th><th>Address</th><th>Name</th><th>Round trip</th></tr></thead>
		<tbody>
			<xsl:for-each select="hop">
				<tr>
					<td><xsl:value-of select="@ttl"/></td>
					<td><xsl:value-of select="@ipaddr"/></td>
					<td><xsl:value-of select="@host"/></td>
					<td>
						<xsl:value-of select="@rtt"/>
						<xsl:if test="number(@rtt) = number(@rtt)"> ms</xsl:if>
					</td>
				</tr>
			</xsl:for-each>
		</tbody>
	</table>
</xsl:template>

<!-- ==== looks ==== -->

<xsl:template name="style">
:root { --fg: #1c2230; --bg: #ffffff; --quiet: #5b6475; --line: #d9dee7; --head: #f3f5f9; --link: #0b57a4;
	--good: #146c2e; --bad: #a02020; --mid: #8a5a00; }
@media (prefers-color-scheme: dark) {
	:root { --fg: #e4e8f0; --bg: #14171d; --quiet: #9aa4b5; --line: #313846; --head: #1d222b; --link: #7fb8f5;
		--good: #6fd08c; --bad: #ff8f8f; --mid: #e8b75a; }
}
@media print {
	:root { --fg: #000000; --bg: #ffffff; --quiet: #444444; --line: #aaaaaa; --head: #eeeeee; --link: #000000;
		--good: #000000; --bad: #000000; --mid: #000000; }
	.host { break-inside: avoid; }
	.contents { break-after: page; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--bg); color: var(--fg);
	font: 15px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; padding-bottom: .3rem; border-bottom: 1px solid var(--line); }
h2 small { font-weight: normal; color: var(--quiet); margin-left: .75rem; }
h2 .state { float: right; font-size: .9rem; }
h3 { font-size: 1rem; margin: 1rem 0 .3rem; }
code, pre { font: .9em/1.4 ui-monospace, monospace; white-space: pre-wrap; }
a { color: var(--link); }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th { background: var(--head); font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1rem; margin: .5rem 0; }
dt { color: var(--quiet); }
dd { margin: 0; }
.quiet { color: var(--quiet); margin: .3rem 0; }
.alarm { color: var(--bad); font-weight: 600; }
.figures span { display: inline-block; margin-right: 1.5rem; }
.figures b { font-size: 1.3rem; }
.state { color: var(--mid); }
.state.open, .state.up { color: var(--good); font-weight: 600; }
.state.closed, .state.down { color: var(--bad); }
</xsl:template>
</xsl:stylesheet>
