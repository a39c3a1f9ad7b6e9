import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(14)
PHONES, T, D, N = 6, 12, 10, 192
code = torch.randn(PHONES, D)
ali = torch.randint(0, PHONES, (N, T // 3)).repeat_interleave(3, dim=1)
frames = (code[ali] + torch.randn(N, T, D)) / 1.41
lengths = torch.randint(4, T + 1, (N,))
mask = (torch.arange(T) < lengths[:, None]).float()
frames = frames * mask.unsqueeze(-1)


class FrameClassifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(D, 32, batch_first=True)
        self.lin = nn.Linear(32, PHONES)

    def forward(self, x):
        return self.lin(self.lstm(x)[0])


def utterance_loss(logits, ali, mask):
    ce = F.cross_entropy(logits.transpose(1, 2), ali, reduction="none")
    per_utt = (ce * mask).sum(dim=1) / mask.sum(1, keepdim=True)  # coach: silent-broadcast; fix: mask.sum(1)
    return per_utt.mean()


am = FrameClassifier()
opt = torch.optim.Adam(am.parameters(), lr=5e-3)
loader = DataLoader(TensorDataset(frames, ali, mask), batch_size=24, shuffle=True)
for epoch in range(5):
    acc = cnt = 0.0
    for x, a, m in loader:
        logits = am(x)
        loss = utterance_loss(logits, a, m)
        opt.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(am.parameters(), 5.0)
        opt.step()
        acc += ((logits.argmax(-1) == a).float() * m).sum().item()
        cnt += m.sum().item()
    print(epoch, "frame acc %.3f" % (acc / cnt))
