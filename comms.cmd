@echo off
rem Builds on first use, then runs the command line: comms --help. UNTESTED: nobody has run this on Windows yet.
rem After a change of the sources, delete launcher\target to build again. COMMS_OPTS: more options for the JVM.
setlocal
set "ROOT=%~dp0"
set "JAR=%ROOT%launcher\target\comms-executable.jar"
set "JAVA=java"
if defined JAVA_HOME set "JAVA=%JAVA_HOME%\bin\java"
if exist "%JAR%" goto run
where mvn >nul 2>nul || (echo comms: Maven 3.8 or newer and a JDK 17 or newer are needed to build 1>&2 & exit /b 1)
echo comms: building, once; Maven may have to fetch things first, which takes some minutes... 1>&2
call mvn -q -B -ntp -Dstyle.color=never -f "%ROOT%pom.xml" -pl launcher -am package -Dmaven.test.skip=true -Dspotless.check.skip=true 1>&2 || exit /b 1
:run
"%JAVA%" -XX:+UseSerialGC -Xshare:auto -Xms16m -Xmx256m -Ddcl.transport.hotdeploy.signatures=warn %COMMS_OPTS% -jar "%JAR%" %*
exit /b %ERRORLEVEL%
