# Copy-and-shift translation with the warm-up schedule of "Attention is all you need".
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(12)
D_MODEL, VOCAB, LEN, WARMUP = 32, 16, 8, 200


class Translator(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCAB, D_MODEL)
        self.where = nn.Parameter(torch.randn(LEN, D_MODEL) * 0.1)
        block = nn.TransformerEncoderLayer(D_MODEL, 4, 64, dropout=0.0, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(block, 2, norm=nn.LayerNorm(D_MODEL), enable_nested_tensor=False)
        self.out = nn.Linear(D_MODEL, VOCAB)

    def forward(self, src):
        return self.out(self.body(self.embed(src) + self.where))


def noam(step):
    step = step + 1
    return D_MODEL ** -0.5 * min(step ** -0.5, step * WARMUP ** -1.5)


model = Translator()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-9)  # coach: update-ratio-low; fix: lr=
scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, noam)

log = []  # coach-also: learning-rate-too-low
for step in range(80):
    src = torch.randint(0, VOCAB, (32, LEN))
    tgt = (torch.roll(src, 1, dims=1) + 3) % VOCAB
    logits = model(src)
    loss = F.cross_entropy(logits.transpose(1, 2), tgt)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    scheduler.step()
    log.append(loss.item())  # coach-also: loss-plateau
    if step % 20 == 19:
        print(f"step {step + 1}: {sum(log[-20:]) / 20:.4f}")
