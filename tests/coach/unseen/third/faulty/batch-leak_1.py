import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import Dataset, DataLoader

torch.manual_seed(14)


class TwoViews(Dataset):
    """The same latent scene seen by a 'camera' and a 'microphone'."""

    def __init__(self, n):
        scene = torch.randn(n, 6)
        self.cam = torch.tanh(scene @ torch.randn(6, 24) * 0.5) + 0.1 * torch.randn(n, 24)
        self.mic = torch.sin(scene @ torch.randn(6, 10) * 0.5) + 0.1 * torch.randn(n, 10)
        self.cam = (self.cam - self.cam.mean(0)) / self.cam.std(0)
        self.mic = (self.mic - self.mic.mean(0)) / self.mic.std(0)

    def __len__(self):
        return len(self.cam)

    def __getitem__(self, i):
        return self.cam[i], self.mic[i]


class Encoder(nn.Module):
    def __init__(self, n_in, n_emb=16):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(n_in, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, n_emb)
        )

    def forward(self, x):
        z = self.net(x)
        return F.normalize(z, dim=0)  # coach: batch-leak; fix: F.normalize(z, dim=


cam_enc, mic_enc = Encoder(24), Encoder(10)
log_scale = nn.Parameter(torch.tensor(2.0))
opt = torch.optim.AdamW([*cam_enc.parameters(), *mic_enc.parameters(), log_scale], lr=2e-3)
loader = DataLoader(TwoViews(640), batch_size=64, shuffle=True, drop_last=True)

for epoch in range(8):
    hits = total = 0
    for cam, mic in loader:
        logits = log_scale.exp() * cam_enc(cam) @ mic_enc(mic).t()
        labels = torch.arange(len(cam))
        loss = 0.5 * (F.cross_entropy(logits, labels) + F.cross_entropy(logits.t(), labels))
        opt.zero_grad()
        loss.backward()
        opt.step()
        hits += (logits.argmax(1) == labels).sum().item()
        total += len(cam)
    print(f"epoch {epoch} clip-loss {loss.item():.3f} retrieval@1 {hits / total:.2f}")
