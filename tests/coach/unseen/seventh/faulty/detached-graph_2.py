import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(21)
SPK, UTT, T, MEL = 6, 5, 12, 16
voices = torch.randn(40, MEL)


def sample_batch():
    ids = torch.randperm(len(voices))[:SPK]
    base = voices[ids][:, None, None]
    mels = (base + torch.randn(SPK, UTT, T, MEL)) / 1.41
    return mels.view(SPK * UTT, T, MEL)


class SpeakerEncoder(nn.Module):
    def __init__(self, dim=32):
        super().__init__()
        self.lstm = nn.LSTM(MEL, dim, batch_first=True)
        self.proj = nn.Linear(dim, dim)

    def forward(self, mels):
        _, (h, _) = self.lstm(mels)
        return F.normalize(self.proj(h[-1]), dim=1)


class GE2E(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(10.0))
        self.b = nn.Parameter(torch.tensor(-5.0))

    def forward(self, e):
        cent = F.normalize(e.mean(1), dim=1)
        sim = self.w * torch.einsum("sud,kd->suk", e, cent) + self.b
        target = torch.arange(SPK).repeat_interleave(UTT)
        return F.cross_entropy(sim.reshape(SPK * UTT, SPK), target)


encoder, criterion = SpeakerEncoder(), GE2E()
opt = torch.optim.Adam(list(encoder.parameters()) + list(criterion.parameters()), lr=3e-3)

for it in range(40):
    mels = sample_batch()
    emb = encoder(mels).data.view(SPK, UTT, -1)  # coach: detached-graph; fix: encoder(mels).view(
    loss = criterion(emb)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 10 == 0:
        print(it, f"{loss.item():.4f}")
