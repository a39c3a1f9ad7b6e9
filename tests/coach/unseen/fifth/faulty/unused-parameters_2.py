import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(41)
video = torch.randn(640, 12)
audio = torch.randn(640, 12)
emotion = (torch.stack([video[:, 0], audio[:, 0], video[:, 1] + audio[:, 1]], 1)).argmax(1)


class AVModel(nn.Module):
    def __init__(self, d=12, h=20):
        super().__init__()
        self.video_proj = nn.Linear(d, h)
        self.audio_proj = nn.Linear(d, h)
        self.head = nn.Linear(2 * h, 3)

    def forward(self, v, a):
        zv = F.relu(self.video_proj(v))
        za = F.relu(self.video_proj(a))  # coach: unused-parameters; fix: self.audio_proj(a)
        return self.head(torch.cat([zv, za], dim=-1))


model = AVModel()
loader = DataLoader(TensorDataset(video, audio, emotion), batch_size=64, shuffle=True)
opt = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(5):
    for v, a, e in loader:
        opt.zero_grad()
        loss = F.cross_entropy(model(v, a), e)
        loss.backward()
        opt.step()
    print(epoch, f"{loss.item():.4f}")
