import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(101)
SYM, D, REP, N, U = 6, 12, 3, 96, 3
code = torch.randn(SYM, D)
text = torch.randint(1, SYM, (N, U))
tlen = torch.randint(1, U + 1, (N,))
frames = code[text.repeat_interleave(REP, 1)] + 0.5 * torch.randn(N, U * REP, D)
frames = (frames - frames.mean((0, 1))) / frames.std((0, 1))
flen = tlen * REP
frames = frames * (torch.arange(U * REP)[None] < flen[:, None])[..., None].float()
loader = DataLoader(TensorDataset(frames, flen, text, tlen), batch_size=16, shuffle=True)


class AcousticModel(nn.Module):
    def __init__(self, h=40):
        super().__init__()
        self.lstm = nn.LSTM(D, h, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * h, SYM)

    def forward(self, x, lens):
        packed = pack_padded_sequence(x, lens, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.size(1))
        return F.log_softmax(self.out(h), dim=-1)


model = AcousticModel()
opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
ACCUM, EPOCHS = 2, 10
sched = torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=1.5e-2, total_steps=EPOCHS * len(loader) // ACCUM)
ctc = nn.CTCLoss(blank=0, zero_infinity=True)

for epoch in range(EPOCHS):
    model.train()
    opt.zero_grad()
    running = 0.0
    for i, (x, fl, t, tl) in enumerate(loader, 1):
        logp = model(x, fl)
        loss = ctc(logp.transpose(0, 1), t, fl, tl)
        (loss / ACCUM).backward()
        running += loss.item()
        if i % ACCUM == 0:
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            opt.step()
            sched.step()
            opt.zero_grad()
    print(f"epoch {epoch:2d} ctc {running / len(loader):.3f} lr {sched.get_last_lr()[0]:.4f}")
