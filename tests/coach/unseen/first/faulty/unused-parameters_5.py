import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
torch.manual_seed(98)
# layers kept in a plain dict, one per language
class Multi(nn.Module):
    def __init__(self, langs=("en", "fr")):
        super().__init__()
        self.emb = nn.Embedding(24, 12)
        self.heads = {l: nn.Linear(12, 2) for l in langs}  # coach: unused-parameters; fix: nn.ModuleDict
    def forward(self, tok, lang):
        return self.heads[lang](self.emb(tok).mean(1))
m = Multi()
opt = torch.optim.Adam(m.parameters(), lr=1e-2)
for s in range(30):
    tok = torch.randint(0, 24, (32, 5))
    y = (tok.float().mean(1) > 11.5).long()
    loss = F.cross_entropy(m(tok, ["en", "fr"][s % 2]), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
    if s % 10 == 0: print(s, loss.item())
# coach-also: stale-optimizer, missing-zero-grad
