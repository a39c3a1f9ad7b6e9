import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
N, T, D, EMO = 256, 15, 12, 4
label = torch.randint(0, EMO, (N,))
keys = torch.randn(EMO, D)
wav = torch.randn(N, T, D)
pos = torch.randint(0, T, (N,))
wav[torch.arange(N), pos] += 1.5 * keys[label]
wav = (wav - wav.mean((0, 1))) / wav.std((0, 1))


class EmotionNet(nn.Module):
    def __init__(self, hid=32):
        super().__init__()
        self.gru = nn.GRU(D, hid, batch_first=True, bidirectional=True)
        self.query = nn.Linear(2 * hid, 1)
        self.out = nn.Linear(2 * hid, EMO)

    def forward(self, x):
        h, _ = self.gru(x)
        alpha = torch.softmax(self.query(h).squeeze(-1), dim=1)
        ctx = torch.bmm(alpha.unsqueeze(1), h).squeeze(1)
        return torch.softmax(self.out(ctx), dim=-1)  # coach: softmax-before-cross-entropy; fix: return self.out(ctx)


net = EmotionNet()
opt = torch.optim.AdamW(net.parameters(), lr=4e-3, weight_decay=1e-3)
loss_fn = nn.CrossEntropyLoss(label_smoothing=0.05)
dl = DataLoader(TensorDataset(wav, label), batch_size=32, shuffle=True)
for epoch in range(6):
    right = 0
    for x, y in dl:
        p = net(x)
        loss = loss_fn(p, y)
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        right += (p.argmax(1) == y).sum().item()
    print(epoch, "train acc", right / N)
