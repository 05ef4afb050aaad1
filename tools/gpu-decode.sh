#!/bin/bash
# What this machine's GPU decodes and scales as the farm needs it, kind by kind, held against the CPU.
#   tools/gpu-decode.sh            decodes with NVDEC, scales with scale_cuda, downloads, and compares
#   tools/gpu-decode.sh --cpu      the CPU path against itself: tries the script where there is no GPU
# FFMPEG names the ffmpeg; the image's is meant. In the image:
#   docker run --rm --gpus all -v "$PWD/tools:/tools:ro" --entrypoint bash IMAGE /tools/gpu-decode.sh
# A data-centre GPU without NVENC (A100, H100, H200) is enough. Columns: kind, frames by GPU and by CPU, mean PSNR of the luma in dB
# (scalers differ a little: over 35 is right, below 25 is wrong), frames per second on the GPU, and what ffmpeg says on failure.
set -u
FFMPEG=${FFMPEG:-ffmpeg}
mode=${1:-gpu}
dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT
export CUDA_CACHE_PATH=$dir/cuda
size=640x360; rate=25; seconds=4; out=320:180
pattern="testsrc2=size=$size:rate=$rate:duration=$seconds"

# name | arguments that make the clip | filter on the GPU | the same on the CPU
kinds() {
  local h264='-c:v libx264 -preset veryfast -pix_fmt yuv420p'
  echo "h264|$h264|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "h264-16-refs|$h264 -refs 16 -bf 8|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "h264-anamorphic|$h264 -vf setsar=4/3|scale_cuda=$out:format=yuv420p,setsar=1|scale=$out,setsar=1,format=yuv420p"
  echo "h264-full-range|$h264 -vf scale=out_range=pc -color_range pc|colorspace_cuda=range=tv,scale_cuda=$out:format=yuv420p|scale=$out:out_range=tv,format=yuv420p"
  echo "h264-interlaced|$h264 -vf interlace -flags +ildct+ilme -x264-params tff=1|bwdif_cuda=mode=send_frame,scale_cuda=$out:format=yuv420p|bwdif=mode=send_frame,scale=$out,format=yuv420p"
  echo "h264-rotated|$h264|hwdownload,format=nv12,transpose=1,hwupload_cuda,scale_cuda=180:320:format=yuv420p|transpose=1,scale=180:320,format=yuv420p"
  echo "hevc|-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "hevc-10-bit|-c:v libx265 -preset ultrafast -x265-params log-level=error -pix_fmt yuv420p10le|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "vp8|-c:v libvpx -deadline realtime -cpu-used 8 -pix_fmt yuv420p|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "vp9|-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "vp9-10-bit|-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -pix_fmt yuv420p10le|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "av1|-c:v libsvtav1 -preset 12 -pix_fmt yuv420p|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
  echo "mpeg2|-c:v mpeg2video -b:v 4M -pix_fmt yuv420p|scale_cuda=$out:format=yuv420p|scale=$out,format=yuv420p"
}

"$FFMPEG" -hide_banner -version | head -1
if [ "$mode" = gpu ]; then nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv,noheader || exit 1; fi
printf '%-16s %6s %6s %8s %8s  %s\n' kind gpu cpu psnr fps note
failed=0
while IFS='|' read -r name make gpu cpu; do
  clip=$dir/$name.mkv
  # shellcheck disable=SC2086
  if ! "$FFMPEG" -nostdin -v error -y -f lavfi -i "$pattern" $make "$clip" 2>"$dir/err"; then
    printf '%-16s %6s %6s %8s %8s  not made: %s\n' "$name" - - - - "$(head -1 "$dir/err")"; continue
  fi
  hardware=(-hwaccel cuda -hwaccel_output_format cuda -threads 1)
  filter="$gpu,hwdownload,format=yuv420p"
  if [ "$mode" != gpu ]; then hardware=(); filter=$cpu; fi
  from=$(date +%s%N)
  "$FFMPEG" -nostdin -v error -y "${hardware[@]}" -noautorotate -i "$clip" -vf "$filter" -fps_mode passthrough \
    -f rawvideo "$dir/gpu.yuv" 2>"$dir/err"
  rc=$?; took=$(( ($(date +%s%N) - from) / 1000000 + 1 ))
  "$FFMPEG" -nostdin -v error -y -noautorotate -i "$clip" -vf "$cpu" -fps_mode passthrough -f rawvideo "$dir/cpu.yuv"
  raw=320x180; [ "$name" = h264-rotated ] && raw=180x320
  frame=$((320 * 180 * 3 / 2))
  count() { echo $(( $(stat -c %s "$1" 2>/dev/null || echo 0) / frame )); }
  frames=$(count "$dir/gpu.yuv"); expected=$(count "$dir/cpu.yuv")
  if [ $rc -ne 0 ] || [ "$frames" -eq 0 ]; then
    failed=1; printf '%-16s %6s %6s %8s %8s  %s\n' "$name" "$frames" "$expected" - - "$(head -1 "$dir/err")"; continue
  fi
  psnr=$("$FFMPEG" -nostdin -hide_banner -f rawvideo -s $raw -pix_fmt yuv420p -i "$dir/gpu.yuv" \
    -f rawvideo -s $raw -pix_fmt yuv420p -i "$dir/cpu.yuv" -lavfi psnr -f null - 2>&1 | sed -n 's/.* PSNR y:\([0-9.inf]*\).*/\1/p')
  note=; [ "$frames" != "$expected" ] && { note='frames differ'; failed=1; }
  [ "$psnr" != inf ] && [ "${psnr%.*}" -lt 25 ] && { note="$note pictures differ"; failed=1; }
  printf '%-16s %6s %6s %8s %8s  %s\n' "$name" "$frames" "$expected" "$psnr" "$((frames * 1000 / took))" "$note"
done < <(kinds)
exit $failed
